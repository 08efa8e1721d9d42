//! What C hands over: pointers, with the promise of the header in their types.
//!
//! A function of the C interface takes pointers as the types of this module, which have the
//! layout of a pointer. C promises that a pointer that is not NULL points to what the header
//! says; in Rust, the constructors take a reference, or are `unsafe` and name the promise. That
//! NULL is not passed where it is not allowed is no promise: it is checked, as is the alignment.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;

use crate::status::Error;

/// A struct of the header, to be read: `const T *`.
#[repr(transparent)]
pub struct In<'a, T>(*const T, PhantomData<&'a T>);

/// Where a result goes: `T *`.
#[repr(transparent)]
pub struct Out<'a, T>(*mut T, PhantomData<&'a mut T>);

/// A text that ends with a NUL: `const char *`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Text<'a>(*const c_char, PhantomData<&'a CStr>);

/// A pointer that has been checked, where a result goes.
pub(crate) struct Place<'a, T>(*mut T, PhantomData<&'a mut T>);

impl<'a, T> From<&'a T> for In<'a, T> {
    fn from(from: &'a T) -> Self {
        Self(from, PhantomData)
    }
}

impl<'a, T> From<&'a mut T> for Out<'a, T> {
    fn from(to: &'a mut T) -> Self {
        Self(to, PhantomData)
    }
}

impl<'a> From<&'a CStr> for Text<'a> {
    fn from(text: &'a CStr) -> Self {
        Self(text.as_ptr(), PhantomData)
    }
}

impl<T> In<'_, T> {
    /// NULL.
    pub const NULL: Self = Self(std::ptr::null(), PhantomData);
}

impl<T> Out<'_, T> {
    /// NULL.
    pub const NULL: Self = Self(std::ptr::null_mut(), PhantomData);
}

impl Text<'_> {
    /// NULL.
    pub const NULL: Self = Self(std::ptr::null(), PhantomData);
}

impl<T: Copy> In<'_, T> {
    pub(crate) fn get(self, what: &'static str) -> Result<T, Error> {
        check(self.0, what)?;
        // SAFETY: the pointer is aligned and not NULL, so that it points to a `T` that nobody
        // changes: from a reference, or by the promise of C.
        Ok(unsafe { self.0.read() })
    }
}

impl<'a, T> Out<'a, T> {
    pub(crate) fn get(self, what: &'static str) -> Result<Place<'a, T>, Error> {
        check(self.0, what)?;
        Ok(Place(self.0, PhantomData))
    }

    /// As [`Out::get`], where NULL says that nobody wants the result.
    pub(crate) fn wanted(self, what: &'static str) -> Result<Option<Place<'a, T>>, Error> {
        if self.0.is_null() { Ok(None) } else { self.get(what).map(Some) }
    }
}

impl<T: Copy> Place<'_, T> {
    pub(crate) fn put(&mut self, value: T) {
        // SAFETY: the pointer is aligned and not NULL, so that there is room for a `T` which
        // nobody else uses: from a reference, or by the promise of C. What was there needs no
        // drop, as `T` is `Copy`.
        unsafe { self.0.write(value) }
    }
}

impl<'a> Text<'a> {
    /// # Safety
    /// `text` is NULL, or points to bytes that end with a NUL and do not change during `'a`.
    pub(crate) unsafe fn new(text: *const c_char) -> Self {
        Self(text, PhantomData)
    }

    pub(crate) fn get(self, what: &'static str) -> Result<&'a str, Error> {
        let text = self.given(what)?.ok_or(Error::Null { what })?;
        Ok(text)
    }

    /// The text, if there is one.
    pub(crate) fn given(self, what: &'static str) -> Result<Option<&'a str>, Error> {
        if self.0.is_null() {
            return Ok(None);
        }
        // SAFETY: not NULL, and so a text that ends with a NUL: from a `CStr`, or as promised.
        let text = unsafe { CStr::from_ptr(self.0) };
        let allowed = "UTF-8";
        let wrong = |_| Error::argument(what, text.to_string_lossy(), allowed);
        text.to_str().map(Some).map_err(wrong)
    }
}

/// The array of `count` elements at `first`; an empty one may be NULL.
///
/// # Safety
/// If `first` is not NULL, `count` elements lie there that do not change during `'a`.
pub(crate) unsafe fn array<'a, T>(
    first: *const T,
    count: u64,
    what: &'static str,
) -> Result<&'a [T], Error> {
    if count == 0 {
        return Ok(&[]);
    }
    check(first, what)?;
    let bytes = usize::try_from(count).ok().and_then(|n| n.checked_mul(size_of::<T>()));
    if bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(Error::argument(what, count, "an array that fits into memory"));
    }
    // SAFETY: aligned, not NULL, of less than `isize::MAX` bytes; the rest is promised.
    Ok(unsafe { std::slice::from_raw_parts(first, count as usize) })
}

/// An array of C that is filled from its beginning.
pub(crate) struct Writer<'a, T> {
    first: *mut T,
    room: usize,
    count: usize,
    place: PhantomData<&'a mut T>,
}

impl<T: Copy> Writer<'_, T> {
    /// # Safety
    /// If `first` is not NULL, there is room for `room` elements that nobody else uses as long as
    /// the result lives.
    pub(crate) unsafe fn new(first: *mut T, room: u64, what: &'static str) -> Result<Self, Error> {
        check(first, what)?;
        // An array of more elements than there are addresses is not filled beyond those.
        let room = usize::try_from(room)
            .unwrap_or(usize::MAX)
            .min(isize::MAX as usize / size_of::<T>().max(1));
        Ok(Self { first, room, count: 0, place: PhantomData })
    }

    fn is_full(&self) -> bool {
        self.count == self.room
    }

    /// Puts what `from` gives behind the last value, as long as there is room; takes no more.
    pub(crate) fn fill(&mut self, from: &mut impl Iterator<Item: Into<T>>) {
        while !self.is_full()
            && let Some(value) = from.next()
        {
            self.put(value.into());
        }
    }

    /// Puts a value behind the last one, unless the array is full.
    fn put(&mut self, value: T) {
        if !self.is_full() {
            // SAFETY: aligned and not NULL; below `room`, for which the caller has promised place.
            unsafe { self.first.add(self.count).write(value) };
            self.count += 1;
        }
    }

    /// Values put.
    pub(crate) fn count(&self) -> u64 {
        self.count as u64
    }
}

fn check<T>(pointer: *const T, what: &'static str) -> Result<(), Error> {
    if pointer.is_null() {
        Err(Error::Null { what })
    } else if !pointer.is_aligned() {
        Err(Error::argument(what, format!("{pointer:p}"), "an aligned address"))
    } else {
        Ok(())
    }
}
