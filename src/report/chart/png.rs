//! PNG of the very SVG that a chart is, with an embedded font.

use resvg::{tiny_skia, usvg};

const REGULAR: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans-subset.ttf");
const BOLD: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans-Bold-subset.ttf");

/// Pixels of the image per pixel of the chart: 2080 px for the width of A4 landscape.
const ZOOM: f32 = 2.0;

/// Why a PNG could not be made.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// It is not SVG, or SVG with parts that cannot be drawn.
    #[error("the SVG cannot be drawn: {0}")]
    Svg(#[from] usvg::Error),
    /// It is too large.
    #[error("the SVG is too large for an image: {0} x {1} px")]
    Size(f32, f32),
    /// The image cannot be encoded.
    #[error("the image cannot be encoded: {0}")]
    Encode(String),
}

/// The SVG of a chart as a PNG of twice its size. No font of the machine is used.
///
/// # Errors
/// Fails if `svg` is not SVG or too large for memory.
pub fn render(svg: &str) -> Result<Vec<u8>, PngError> {
    let mut options = usvg::Options { font_family: "DejaVu Sans".to_owned(), ..Default::default() };
    options.fontdb_mut().load_font_data(REGULAR.to_vec());
    options.fontdb_mut().load_font_data(BOLD.to_vec());
    let tree = usvg::Tree::from_str(svg, &options)?;
    let size = tree.size();
    let whole =
        size.to_int_size().scale_by(ZOOM).ok_or(PngError::Size(size.width(), size.height()))?;
    let mut image = tiny_skia::Pixmap::new(whole.width(), whole.height())
        .ok_or(PngError::Size(size.width(), size.height()))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(ZOOM, ZOOM), &mut image.as_mut());
    image.encode_png().map_err(|error| PngError::Encode(error.to_string()))
}
