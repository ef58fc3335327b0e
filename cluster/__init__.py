"""The platform: settings, errors, storage, clients and embedded services. No feature rules."""
