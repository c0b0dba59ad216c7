"""Networks of recurrent layers on plain arrays: what is stacked on what, where it starts, and how it is trained."""
