"""Distances on the ground, right anywhere on Earth, and pairs of near points."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from mobility.merge.model import Bool, Float64, Int64

EARTH_M = 6_371_008.8


def on_sphere(lon: Float64, lat: Float64) -> Float64:
    """Points as metres in space, float64 (n, 3); chords stand for arcs at short range."""
    lam, phi = np.radians(lon), np.radians(lat)
    flat = np.cos(phi)
    return EARTH_M * np.column_stack([flat * np.cos(lam), flat * np.sin(lam), np.sin(phi)])


def metres(lon_a: Float64, lat_a: Float64, lon_b: Float64, lat_b: Float64) -> Float64:
    """Great-circle metres between points, by the haversine."""
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half = np.sin((phi_b - phi_a) / 2) ** 2
    half = half + np.cos(phi_a) * np.cos(phi_b) * np.sin(np.radians(lon_b - lon_a) / 2) ** 2
    return np.asarray(2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))), np.float64)


def near_pairs(points_a: Float64, points_b: Float64, radius_m: float) -> tuple[Int64, Int64]:
    """Row pairs of two point sets at most `radius_m` apart, ascending by a, then b.

    Parameters
    ----------
    points_a, points_b
        float64 (n, 3) as from `on_sphere`.
    radius_m
        Metres.

    Returns
    -------
    tuple
        Two int64 arrays of equal length.
    """
    if not len(points_a) or not len(points_b):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    found = cKDTree(points_a).sparse_distance_matrix(
        cKDTree(points_b), radius_m, output_type="ndarray"
    )
    order = np.lexsort((found["j"], found["i"]))
    return found["i"][order].astype(np.int64), found["j"][order].astype(np.int64)


def whole_minutes(lon: Float64, lat: Float64) -> Bool:
    """Say which points are given to whole minutes of arc only, in both coordinates.

    Such a point may be some kilometres off; one in 3,600 true points looks so by chance
    at the tolerance used.
    """

    def whole(angle: Float64) -> Bool:
        minutes = np.asarray(angle, np.float64) * 60.0
        return np.abs(minutes - np.round(minutes)) < 0.001

    return np.asarray(whole(lon) & whole(lat), bool)
