//! A finished picture.

use std::io::Cursor;
use std::path::Path;

use image::{ImageFormat, RgbImage};

use crate::{PlotError, file};

/// A finished picture: pixels in memory, ready to be written or put into a report.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    image: RgbImage,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [width, height] = self.size_px();
        write!(f, "Picture({width} x {height} pixels)")
    }
}

impl Picture {
    pub(crate) fn new(image: RgbImage) -> Self {
        Self { image }
    }

    /// Width and height in pixels.
    pub fn size_px(&self) -> [u32; 2] {
        [self.image.width(), self.image.height()]
    }

    /// Red, green and blue of the pixel at column `x` and row `y` from the top left; `None`
    /// outside.
    pub fn pixel(&self, x: u32, y: u32) -> Option<[u8; 3]> {
        self.image.get_pixel_checked(x, y).map(|p| p.0)
    }

    /// The picture as the bytes of a PNG file.
    ///
    /// # Errors
    /// [`PlotError::Encode`].
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        let mut bytes = Cursor::new(Vec::new());
        self.image.write_to(&mut bytes, ImageFormat::Png)?;
        Ok(bytes.into_inner())
    }

    /// Writes a PNG file, which appears under its name complete or not at all.
    ///
    /// # Errors
    /// [`PlotError::Encode`] and [`PlotError::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        file::write_whole(path.as_ref(), &self.png()?)
    }
}
