"""What the stages of the preprocessor share."""
