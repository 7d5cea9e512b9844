"""How the made-up county 丽州 is made: ``python -m sample_data.generator OUTDIR``."""
