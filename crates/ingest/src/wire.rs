//! The wire format of Protocol Buffers: fields one after the other, borrowed from the body, and written.
//!
//! Only what is asked for is looked at; what nobody asks for is stepped over, as the format wants it.

use crate::Unreadable;

/// A field's value as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A whole number of any of its types.
    Varint(u64),
    /// Eight bytes.
    Fixed64([u8; 8]),
    /// Text, bytes, a message, or numbers one after the other.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32([u8; 4]),
}

impl<'a> Value<'a> {
    /// A message's, text's or packed field's bytes.
    #[must_use]
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Varint(_) | Self::Fixed64(_) | Self::Fixed32(_) => None,
        }
    }

    /// A text; `None` when it is not UTF-8.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// A `double`.
    #[must_use]
    pub fn double(self) -> Option<f64> {
        self.fixed().map(f64::from_le_bytes)
    }

    /// A `fixed64`.
    #[must_use]
    pub fn unsigned(self) -> Option<u64> {
        self.fixed().map(u64::from_le_bytes)
    }

    /// An `sfixed64`.
    #[must_use]
    pub fn signed(self) -> Option<i64> {
        self.fixed().map(i64::from_le_bytes)
    }

    fn fixed(self) -> Option<[u8; 8]> {
        match self {
            Self::Fixed64(bytes) => Some(bytes),
            Self::Varint(_) | Self::Bytes(_) | Self::Fixed32(_) => None,
        }
    }

    /// A `uint64`, `uint32`, `bool` or enum.
    #[must_use]
    pub fn varint(self) -> Option<u64> {
        match self {
            Self::Varint(number) => Some(number),
            Self::Fixed64(_) | Self::Bytes(_) | Self::Fixed32(_) => None,
        }
    }

    /// An `int64` or `int32`.
    #[must_use]
    pub fn int(self) -> Option<i64> {
        self.varint().map(u64::cast_signed)
    }

    /// A `sint32` or `sint64`.
    #[must_use]
    pub fn zigzag(self) -> Option<i64> {
        self.varint().map(|number| (number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }
}

/// The fields of a message in their order.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Of a message.
    #[must_use]
    pub fn of(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The last field of this number that fits, as the format wants it where one stands twice.
    ///
    /// # Errors
    /// When the message is broken.
    pub fn last<T>(self, number: u32, read: impl Fn(Value<'a>) -> Option<T>) -> Result<Option<T>, Unreadable> {
        let mut found = None;
        for field in self {
            let (at, value) = field?;
            if at == number {
                found = read(value).or(found);
            }
        }
        Ok(found)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or_else(broken)?;
        self.0 = rest;
        Ok(*first)
    }

    fn varint(&mut self) -> Result<u64, Unreadable> {
        varint(&mut self.0)
    }

    fn field(&mut self) -> Result<(u32, Value<'a>), Unreadable> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number)).ok_or_else(broken)?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(self.take()?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| broken())?;
                let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(broken)?;
                self.0 = rest;
                Value::Bytes(bytes)
            }
            5 => Value::Fixed32(self.take()?),
            // Groups have not been written by anything for many years.
            _ => return Err(broken()),
        };
        Ok((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

/// Takes a number off the front.
///
/// # Errors
/// When there is none.
pub fn varint(bytes: &mut &[u8]) -> Result<u64, Unreadable> {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        // The tenth byte holds the 64th bit alone.
        if index == 9 && *byte > 1 {
            return Err(broken());
        }
        number |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            *bytes = bytes.get(index + 1..).unwrap_or_default();
            return Ok(number);
        }
    }
    Err(broken())
}

fn broken() -> Unreadable {
    Unreadable::malformed("the body is not a Protocol Buffers message")
}

/// A message on its way out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message(Vec<u8>);

impl Message {
    fn put(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A whole number.
    #[must_use]
    pub fn varint(mut self, field: u32, number: u64) -> Self {
        self.put(u64::from(field) << 3);
        self.put(number);
        self
    }

    /// Eight bytes: a `double`, a `fixed64` or an `sfixed64`.
    #[must_use]
    pub fn fixed64(mut self, field: u32, bytes: [u8; 8]) -> Self {
        self.put(u64::from(field) << 3 | 1);
        self.0.extend_from_slice(&bytes);
        self
    }

    /// Text, bytes, or a message.
    #[must_use]
    pub fn bytes(mut self, field: u32, bytes: &[u8]) -> Self {
        self.put(u64::from(field) << 3 | 2);
        self.put(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// A message.
    #[must_use]
    pub fn message(self, field: u32, message: Self) -> Self {
        self.bytes(field, &message.0)
    }

    /// As it is sent.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_broken_is_found() {
        for bytes in [
            &[0x08][..],
            &[0x0a, 0x02, 0x01],
            &[0x09, 1, 2, 3],
            &[0x0d, 1],
            &[0x0b],
            &[0x00, 0x01],
            &[0xff; 12],
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
        ] {
            assert!(Fields::of(bytes).any(|field| field.is_err()), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number in any::<u64>(), value in any::<f64>(), text in ".{0,40}", field in 1_u32..1 << 29) {
            let message = Message::default().varint(field, number).fixed64(2, value.to_le_bytes()).bytes(3, text.as_bytes());
            let bytes = message.into_bytes();
            let read: Vec<(u32, Value<'_>)> = Fields::of(&bytes).collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(read[0], (field, Value::Varint(number)));
            prop_assert_eq!(read[1].1.double().map(f64::to_bits), Some(value.to_bits()));
            prop_assert_eq!(read[2].1.text(), Some(text.as_str()));
        }

        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Fields::of(&bytes).count();
        }
    }

    #[test]
    fn signed_numbers_come_back() {
        assert_eq!(Value::Varint(1).zigzag(), Some(-1));
        assert_eq!(Value::Varint(u64::MAX).zigzag(), Some(i64::MIN));
        assert_eq!(Value::Varint(4).zigzag(), Some(2));
        assert_eq!(Value::Varint(u64::MAX).int(), Some(-1));
    }
}
