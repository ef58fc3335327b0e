"""What the entailment network is asked of a caption, in the order of the 23 categories."""

from __future__ import annotations

# Written as one would say it: the words that a label's subject goes by in captions.
SUBJECTS = (
    *("fashion and outfits", "beauty, make-up and skin care", "fitness and training", "health and medicine"),
    *("food and drink", "travel", "technology", "video games", "sports", "music", "film and television"),
    *("art and design", "photography", "education and learning", "business and finance", "family and parenting"),
    *("pets and animals", "home and garden", "cars and motorcycles", "nature", "comedy and memes"),
    *("news and politics", "everyday life"),
)
TEMPLATE = "This post is about {}."
HYPOTHESES = tuple(TEMPLATE.format(subject) for subject in SUBJECTS)
