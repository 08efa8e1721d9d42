//! Handles: what C holds a pointer to and knows nothing of.
//!
//! In C a handle is a pointer to an incomplete type, which the compiler tells from any other.
//! Languages that lose the types on the way find their mistakes by the tag that every handle
//! begins with. What is inside is always behind a shared reference, so that a handle used by two
//! threads, or by a callback of its own, is busy and not undefined.

use std::marker::PhantomData;

use crate::pointer::Out;
use crate::status::{Error, rg_status, run};

/// A value with its tag in front.
#[repr(C)]
pub struct Handle<T> {
    tag: u64,
    value: T,
}

/// What can be behind a handle.
pub trait Content: Send + Sync + Sized {
    /// First bytes of the handle.
    #[doc(hidden)]
    const TAG: [u8; 8];

    /// Whether nobody is using it.
    #[doc(hidden)]
    fn is_idle(&self) -> bool {
        true
    }
}

/// A handle to be used: `const T *` or `T *`.
#[repr(transparent)]
pub struct Shared<'a, T>(*const Handle<T>, PhantomData<&'a Handle<T>>);

/// A handle to be freed: `T *`.
#[repr(transparent)]
pub struct Owned<T>(*mut Handle<T>, PhantomData<Handle<T>>);

impl<T> Shared<'_, T> {
    /// # Safety
    /// `handle` is NULL, or one that a function of this crate has made and none has freed, also
    /// not while the result is used.
    pub unsafe fn new(handle: *const Handle<T>) -> Self {
        Self(handle, PhantomData)
    }
}

impl<T> Owned<T> {
    /// # Safety
    /// As for [`Shared::new`], and nobody uses the handle any more.
    pub unsafe fn new(handle: *mut Handle<T>) -> Self {
        Self(handle, PhantomData)
    }
}

impl<'a, T: Content> Shared<'a, T> {
    pub(crate) fn get(self, what: &'static str) -> Result<&'a T, Error> {
        if self.0.is_null() {
            return Err(Error::Null { what });
        }
        // SAFETY: a handle that has not been freed, whatever its kind: it begins with a tag.
        let known = self.0.is_aligned() && unsafe { self.0.cast::<u64>().read() } == tag::<T>();
        if !known {
            return Err(Error::Handle { what });
        }
        // SAFETY: by its tag, the handle holds a `T`, of which there are shared references only.
        Ok(unsafe { &(*self.0).value })
    }
}

impl<T: Content> Owned<T> {
    /// The handle as a box, unless it is NULL.
    fn take(self, what: &'static str) -> Result<Option<Box<Handle<T>>>, Error> {
        if self.0.is_null() {
            return Ok(None);
        }
        if !Shared(self.0.cast_const(), PhantomData).get(what)?.is_idle() {
            return Err(Error::Busy { what });
        }
        // SAFETY: made by `make_some`, not freed before, and used by nobody: promised by C, and
        // by whoever calls `Owned::new`.
        Ok(Some(unsafe { Box::from_raw(self.0) }))
    }
}

fn tag<T: Content>() -> u64 {
    u64::from_ne_bytes(T::TAG)
}

/// Makes a value and hands it out; NULL if it fails.
pub(crate) fn make<T: Content>(
    out: Out<'_, *mut Handle<T>>,
    value: impl FnOnce() -> Result<T, Error>,
) -> rg_status {
    make_some(out, || value().map(Some))
}

/// As [`make`], and NULL if there is no value.
pub(crate) fn make_some<T: Content>(
    out: Out<'_, *mut Handle<T>>,
    value: impl FnOnce() -> Result<Option<T>, Error>,
) -> rg_status {
    run(|| {
        let mut place = out.get("out")?;
        place.put(std::ptr::null_mut());
        if let Some(value) = value()? {
            place.put(Box::into_raw(Box::new(Handle { tag: tag::<T>(), value })));
        }
        Ok(rg_status::RG_OK)
    })
}

/// Frees a handle; NULL is none.
pub(crate) fn free<T: Content>(handle: Owned<T>, what: &'static str) -> rg_status {
    run(|| {
        drop(handle.take(what)?);
        Ok(rg_status::RG_OK)
    })
}
