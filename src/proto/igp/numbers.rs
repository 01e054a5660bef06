//! Many numbers, each as short as the greatest of them allows.

/// Numbers by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    Byte(Vec<u8>),
    Half(Vec<u16>),
    Word(Vec<u32>),
    Long(Vec<u64>),
}

impl Numbers {
    /// These; the greatest there is stands for none.
    pub(super) fn new(all: &[u64]) -> Self {
        // Each is kept as one more, so that none is 0.
        let next = || all.iter().map(|one| one.wrapping_add(1));
        let greatest = next().max().unwrap_or(0);
        let fits = "none is greater than the greatest";
        if u8::try_from(greatest).is_ok() {
            Self::Byte(next().map(|one| u8::try_from(one).expect(fits)).collect())
        } else if u16::try_from(greatest).is_ok() {
            Self::Half(next().map(|one| u16::try_from(one).expect(fits)).collect())
        } else if u32::try_from(greatest).is_ok() {
            Self::Word(next().map(|one| u32::try_from(one).expect(fits)).collect())
        } else {
            Self::Long(next().collect())
        }
    }

    /// The one at a place.
    pub(super) fn get(&self, place: usize) -> Option<u64> {
        let next = match self {
            Self::Byte(all) => u64::from(all[place]),
            Self::Half(all) => u64::from(all[place]),
            Self::Word(all) => u64::from(all[place]),
            Self::Long(all) => all[place],
        };
        next.checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_whatever_they_are_kept_as() {
        for most in [0, 254, 255, 65_534, 65_535, u64::from(u32::MAX), u64::MAX - 1] {
            let all = [Some(most), None, Some(0), Some(most / 2)];
            let given = all.map(|one| one.unwrap_or(u64::MAX));
            let numbers = Numbers::new(&given);
            assert_eq!([0, 1, 2, 3].map(|place| numbers.get(place)), all);
        }
        let size = |most| format!("{:?}", Numbers::new(&[most]));
        assert_eq!([size(254), size(255)], ["Byte([255])", "Half([256])"]);
    }
}
