"""How often each folder's images are repeated, so that rare concepts are not lost among frequent ones."""
