"""The training set as trainers read it.

model    what an export consists of         layouts   the layouts by name
write    writes an export to a folder       quoting   strings of TOML, YAML and JSON
kohya, onetrainer, ai_toolkit, diffusion_pipe, everydream: a module for each trainer
"""
