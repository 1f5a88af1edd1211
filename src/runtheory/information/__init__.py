"""Information-theoretic generalisation bounds: what is exact, what is estimated, what is certified.

``measures`` compares laws and samples; ``ladder`` solves models completely, so that every bound
stands beside the gap it bounds; ``supersamples`` estimates bounds from many trained replicates;
``certificates`` holds with probability 1 - delta; ``layers`` follows information through a network.
Everything is in nats and float64.
"""

from typing import TYPE_CHECKING

from runtheory import lazy

if TYPE_CHECKING:
    from runtheory.information.certificates.confidence import Confidence
    from runtheory.information.certificates.drawn_networks import bounded_cross_entropy
    from runtheory.information.certificates.linear_classifiers import linear_certificate
    from runtheory.information.certificates.modules import (
        ModulePlan,
        module_certificate,
        split_module_certificate,
    )
    from runtheory.information.certificates.pac_bayes import (
        catoni_bound,
        gaussian_divergence,
        kl_bound,
        lambda_bound,
        mcallester_bound,
        monte_carlo_bound,
        quadratic_bound,
    )
    from runtheory.information.certificates.stochastic_networks import (
        SplitPlan,
        network_certificate,
        split_certificate,
    )
    from runtheory.information.layers.hierarchy import finite_parameter_bound, wasserstein_ladder
    from runtheory.information.layers.layer_information import layer_information
    from runtheory.information.layers.noisy_layer import (
        InformationBracket,
        NoisyInformation,
        information_bracket,
        noisy_information,
    )
    from runtheory.information.measures.divergence_estimates import classifier_kl, knn_kl
    from runtheory.information.measures.divergences import (
        Gaussian,
        binary_divergence,
        discrete_kl,
        gaussian_kl,
        kl_inverse,
    )
    from runtheory.information.measures.information_plane import plane_point
    from runtheory.information.measures.mutual_information import (
        binned_entropy,
        neighbour_information,
        plug_in,
        plug_in_information,
    )
    from runtheory.information.measures.transport import (
        sliced_wasserstein,
        wasserstein,
        wasserstein_line,
    )
    from runtheory.information.supersamples.estimates import (
        estimated_bound,
        estimated_disintegrated_bound,
        interpolation_identity,
    )
    from runtheory.information.supersamples.learners import Draws, super_sample_bounds
    from runtheory.information.supersamples.loss_information import (
        difference_bound,
        fast_rate_bound,
        single_bound,
    )
    from runtheory.information.supersamples.supersample import (
        Outcomes,
        SuperSamples,
        draw_super_samples,
        run_replicates,
        train_replicates,
    )

__getattr__ = lazy.attributes(
    __name__,
    {
        "certificates.confidence": ("Confidence",),
        "certificates.linear_classifiers": ("linear_certificate",),
        "certificates.drawn_networks": ("bounded_cross_entropy",),
        "certificates.modules": ("ModulePlan", "module_certificate", "split_module_certificate"),
        "certificates.pac_bayes": (
            "catoni_bound",
            "gaussian_divergence",
            "kl_bound",
            "lambda_bound",
            "mcallester_bound",
            "monte_carlo_bound",
            "quadratic_bound",
        ),
        "certificates.stochastic_networks": (
            "SplitPlan",
            "network_certificate",
            "split_certificate",
        ),
        "layers.hierarchy": (
            "finite_parameter_bound",
            "wasserstein_ladder",
        ),
        "layers.layer_information": ("layer_information",),
        "layers.noisy_layer": (
            "InformationBracket",
            "NoisyInformation",
            "information_bracket",
            "noisy_information",
        ),
        "measures.divergence_estimates": (
            "classifier_kl",
            "knn_kl",
        ),
        "measures.divergences": (
            "Gaussian",
            "binary_divergence",
            "discrete_kl",
            "gaussian_kl",
            "kl_inverse",
        ),
        "measures.information_plane": ("plane_point",),
        "measures.mutual_information": (
            "binned_entropy",
            "neighbour_information",
            "plug_in",
            "plug_in_information",
        ),
        "measures.transport": (
            "sliced_wasserstein",
            "wasserstein",
            "wasserstein_line",
        ),
        "supersamples.estimates": (
            "estimated_bound",
            "estimated_disintegrated_bound",
            "interpolation_identity",
        ),
        "supersamples.learners": ("Draws", "super_sample_bounds"),
        "supersamples.loss_information": (
            "difference_bound",
            "fast_rate_bound",
            "single_bound",
        ),
        "supersamples.supersample": (
            "Outcomes",
            "SuperSamples",
            "draw_super_samples",
            "run_replicates",
            "train_replicates",
        ),
    },
)

__all__ = [
    "Confidence",
    "Draws",
    "Gaussian",
    "InformationBracket",
    "ModulePlan",
    "NoisyInformation",
    "Outcomes",
    "SplitPlan",
    "SuperSamples",
    "binary_divergence",
    "binned_entropy",
    "bounded_cross_entropy",
    "catoni_bound",
    "classifier_kl",
    "difference_bound",
    "discrete_kl",
    "draw_super_samples",
    "estimated_bound",
    "estimated_disintegrated_bound",
    "fast_rate_bound",
    "finite_parameter_bound",
    "gaussian_divergence",
    "gaussian_kl",
    "information_bracket",
    "interpolation_identity",
    "kl_bound",
    "kl_inverse",
    "knn_kl",
    "lambda_bound",
    "layer_information",
    "linear_certificate",
    "mcallester_bound",
    "module_certificate",
    "monte_carlo_bound",
    "neighbour_information",
    "network_certificate",
    "noisy_information",
    "plane_point",
    "plug_in",
    "plug_in_information",
    "quadratic_bound",
    "run_replicates",
    "single_bound",
    "sliced_wasserstein",
    "split_certificate",
    "split_module_certificate",
    "super_sample_bounds",
    "train_replicates",
    "wasserstein",
    "wasserstein_ladder",
    "wasserstein_line",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
