"""Attribution: how much each piece of the text counted for one answer.

Scores come from `methods` (Captum, and `shapley`), for one target (`targets`), measured from one
baseline (`baselines`). `completeness`, `faithfulness` and `agreement` ask whether to believe them.
"""
