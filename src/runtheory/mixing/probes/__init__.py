"""What a trained network has learned: localisation, occlusion, corruption, outliers, attacks."""
