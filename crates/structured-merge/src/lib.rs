//! Typed merge, field sets, managed fields and strategic merge patch as the API server does them.
