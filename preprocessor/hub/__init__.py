"""Single images out of the tars of a data set on the Hugging Face hub."""
