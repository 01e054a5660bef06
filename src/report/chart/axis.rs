//! Ticks of an axis: round numbers, as many as there is room for.

/// The step among 1, 2 and 5 times a power of ten that divides `span` into at most `most` parts.
pub(super) fn step(span: f64, most: usize) -> f64 {
    let most = f64::from(u32::try_from(most.max(1)).expect("an axis has few ticks"));
    let mut power = 1e-9;
    while power < 1e15 {
        for factor in [1.0, 2.0, 5.0] {
            if span / (power * factor) <= most {
                return power * factor;
            }
        }
        power *= 10.0;
    }
    span
}

/// The multiples of [`step`] from `from` to `until`, at most about `most` of them.
pub(super) fn ticks(from: f64, until: f64, most: usize) -> Vec<f64> {
    let step = step(until - from, most);
    let mut count = (from / step - 1e-9).ceil();
    let mut all = Vec::new();
    while count * step <= until + step * 1e-9 {
        all.push(count * step);
        count += 1.0;
    }
    all
}

/// The unit that suits a span of time: its name, its length in seconds.
pub(super) fn time_unit(span: f64) -> (&'static str, f64) {
    if span < 2e-3 {
        ("µs", 1e-6)
    } else if span < 10.0 {
        ("ms", 1e-3)
    } else if span < 1_200.0 {
        ("s", 1.0)
    } else if span < 36_000.0 {
        ("min", 60.0)
    } else {
        ("h", 3_600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(-430.0, 1_720.0, 5), vec![0.0, 500.0, 1_000.0, 1_500.0]);
        assert_eq!(ticks(0.0, 1.0, 5), vec![0.0, 0.2, 0.4, 0.600_000_000_000_000_1, 0.8, 1.0]);
    }
}
