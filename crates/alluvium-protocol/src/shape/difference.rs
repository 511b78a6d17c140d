//! Finds the first place where two shapes differ.
