"""Training: classifiers on GLUE, and fine-tuning after layers are rearranged."""
