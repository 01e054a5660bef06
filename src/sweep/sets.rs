//! Sets of up to so many elements in a fixed order: by size, then as words in a dictionary.

/// All sets of up to `most` of so many elements, numbered from the empty one.
#[derive(Clone, Debug)]
pub struct Sets {
    elements: usize,
    /// How many sets have fewer elements than the index says; the last is the number of all.
    before: Vec<u64>,
}

impl Sets {
    /// The sets; `None` if there are more than a number can say.
    #[must_use]
    pub fn new(elements: usize, most: usize) -> Option<Self> {
        let mut before = vec![0_u64];
        for size in 0..=most.min(elements) {
            before.push(before[size].checked_add(binomial(elements, size)?)?);
        }
        Some(Self { elements, before })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.before[self.before.len() - 1]
    }

    /// The set with this number, in ascending order.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn get(&self, number: u64) -> Vec<usize> {
        let size = self.before.partition_point(|before| *before <= number) - 1;
        assert!(size + 1 < self.before.len(), "a set of this size exists");
        let mut rest = number - self.before[size];
        let mut set = Vec::with_capacity(size);
        let mut next = 0;
        for place in 0..size {
            loop {
                let with = binomial(self.elements - next - 1, size - place - 1)
                    .expect("less than the number of all sets");
                if rest < with {
                    break;
                }
                rest -= with;
                next += 1;
            }
            set.push(next);
            next += 1;
        }
        set
    }
}

/// In how many ways `k` of `n` can be chosen.
fn binomial(n: usize, k: usize) -> Option<u64> {
    if k > n {
        return Some(0);
    }
    let (n, k) = (n as u128, k.min(n - k) as u128);
    let mut ways: u128 = 1;
    for step in 1..=k {
        ways = ways.checked_mul(n - k + step)? / step;
    }
    u64::try_from(ways).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_come_by_size_and_then_as_in_a_dictionary() {
        let sets = Sets::new(4, 2).expect("few");
        let all: Vec<Vec<usize>> = (0..sets.count()).map(|number| sets.get(number)).collect();
        let expected: [&[usize]; 11] =
            [&[], &[0], &[1], &[2], &[3], &[0, 1], &[0, 2], &[0, 3], &[1, 2], &[1, 3], &[2, 3]];
        assert_eq!(all, expected);
    }

    #[test]
    fn there_are_as_many_as_binomials_say_and_no_more_than_elements() {
        assert_eq!(Sets::new(200, 3).map(|sets| sets.count()), Some(1 + 200 + 19_900 + 1_313_400));
        assert_eq!(Sets::new(2, 5).map(|sets| sets.count()), Some(4));
        assert_eq!(Sets::new(0, 3).map(|sets| sets.count()), Some(1));
        assert!(Sets::new(10_000, 9).is_none());
        let sets = Sets::new(200, 3).expect("few");
        assert_eq!(sets.get(sets.count() - 1), [197, 198, 199]);
    }

    #[test]
    fn every_set_comes_once() {
        let sets = Sets::new(9, 4).expect("few");
        let all: std::collections::BTreeSet<Vec<usize>> =
            (0..sets.count()).map(|number| sets.get(number)).collect();
        assert_eq!(all.len() as u64, sets.count());
        assert!(all.iter().all(|set| set.is_sorted() && set.len() <= 4));
    }
}
