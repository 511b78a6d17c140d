//! How values print, and what decoders refuse.
