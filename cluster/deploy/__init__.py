"""Running the cluster elsewhere: the image and the Kubernetes manifest."""
