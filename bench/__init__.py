"""How fast Guildhall is, as ratios in one run: beside what is possible, and beside what one would use instead."""
