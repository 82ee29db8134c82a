"""The road: one module a stage, built solely on ``foundation``; a stage never names a vendor."""
