//! Hits of every vendor, innocent requests, and properties over both.
