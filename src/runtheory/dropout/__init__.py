"""Multi-sample dropout: masks, heads, objectives, laws and what they cost."""

from runtheory.dropout.cost import StepCost, fit_cost, measure_steps
from runtheory.dropout.descent import expected_path, masked_regression
from runtheory.dropout.drop_in import MultiSampleDropout
from runtheory.dropout.head import MultiSampleHead, sample_logits
from runtheory.dropout.laws import (
    best_samples,
    effective_rate,
    speed_up_ceiling,
    updates_share,
    variance_at_cost,
)
from runtheory.dropout.masks import apply_masks, draw_masks
from runtheory.dropout.monte_carlo import Predictive, monte_carlo
from runtheory.dropout.objectives import (
    MultiSampleObjective,
    loss_of_mean_logits,
    loss_of_mean_probabilities,
    mean_of_losses,
    mean_of_squared_errors,
)
from runtheory.dropout.penalties import adaptive_ridge, jensen_gap, softmax_penalty
from runtheory.dropout.restored_noise import RestoredNoiseObjective
from runtheory.dropout.updates import best_decrease, noise_scale, squared_distance
from runtheory.dropout.variance import gradient_variance, minibatch_variance

__all__ = [
    "MultiSampleDropout",
    "MultiSampleHead",
    "MultiSampleObjective",
    "Predictive",
    "RestoredNoiseObjective",
    "StepCost",
    "adaptive_ridge",
    "apply_masks",
    "best_decrease",
    "best_samples",
    "draw_masks",
    "effective_rate",
    "expected_path",
    "fit_cost",
    "gradient_variance",
    "jensen_gap",
    "loss_of_mean_logits",
    "loss_of_mean_probabilities",
    "masked_regression",
    "mean_of_losses",
    "mean_of_squared_errors",
    "measure_steps",
    "minibatch_variance",
    "monte_carlo",
    "noise_scale",
    "sample_logits",
    "softmax_penalty",
    "speed_up_ceiling",
    "squared_distance",
    "updates_share",
    "variance_at_cost",
]
