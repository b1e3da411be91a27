use clap::Args;
use horizon_app::DEFAULT_TITLE;
use horizon_posts::Language;

/// The blog's name and language.
#[derive(Clone, Debug, Args)]
pub struct BlogArgs {
    /// The blog's name.
    #[arg(
        long,
        env = "HORIZON_TITLE",
        value_name = "HORIZON_TITLE",
        default_value = DEFAULT_TITLE
    )]
    pub title: String,
    /// The language of the blog: a BCP 47 tag such as de or pt-BR. The interface is in English, German, French,
    /// Spanish, Japanese or Arabic.
    #[arg(
        long,
        env = "HORIZON_LANGUAGE",
        value_name = "HORIZON_LANGUAGE",
        default_value = "en"
    )]
    pub language: Language,
}
