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
    /// These, one more than what is given; `None` is kept as the least.
    pub(super) fn new(all: &[Option<u64>]) -> Self {
        let next = |one: &Option<u64>| one.map_or(0, |one| one + 1);
        let greatest = all.iter().map(next).max().unwrap_or(0);
        let fits = "none is greater than the greatest";
        if u8::try_from(greatest).is_ok() {
            Self::Byte(all.iter().map(|one| u8::try_from(next(one)).expect(fits)).collect())
        } else if u16::try_from(greatest).is_ok() {
            Self::Half(all.iter().map(|one| u16::try_from(next(one)).expect(fits)).collect())
        } else if u32::try_from(greatest).is_ok() {
            Self::Word(all.iter().map(|one| u32::try_from(next(one)).expect(fits)).collect())
        } else {
            Self::Long(all.iter().map(next).collect())
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
            let numbers = Numbers::new(&all);
            assert_eq!([0, 1, 2, 3].map(|place| numbers.get(place)), all);
        }
        let size = |most| format!("{:?}", Numbers::new(&[Some(most)]));
        assert_eq!([size(254), size(255)], ["Byte([255])", "Half([256])"]);
    }
}
