//! The class of a device.

/// The widths at which the next class begins, in CSS pixels.
const TABLET: u32 = 576;
const LAPTOP: u32 = 992;
const DESKTOP: u32 = 1_440;

/// The class of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    Phone,
    Tablet,
    Laptop,
    Desktop,
}

/// Parts of the agents of TVs and consoles, in lower case.
const LARGE_SCREENS: [&str; 22] = [
    "smart-tv",
    "smarttv",
    "googletv",
    "google tv",
    "android tv",
    "appletv",
    "apple tv",
    "bravia",
    "hbbtv",
    "netcast",
    "web0s",
    "webos.tv",
    "roku",
    "crkey",
    "viera",
    "philipstv",
    "large screen",
    " aft",
    "shield android",
    "playstation",
    "xbox",
    "nintendo",
];

/// Parts of the agents of tablets, in lower case.
const TABLETS: [&str; 6] = ["ipad", "tablet", "kindle", "silk", "playbook", "sm-t"];

/// Parts of the agents of phones, in lower case. Android agents of tablets lack `mobile`.
const PHONES: [&str; 11] = [
    "mobi",
    "iphone",
    "ipod",
    "windows phone",
    "opera mini",
    "blackberry",
    "kaios",
    "symbian",
    "series40",
    "j2me",
    "midp",
];

/// Parts of the agents of personal computers, in lower case.
const COMPUTERS: [&str; 6] = ["windows nt", "macintosh", "x11", "linux", "cros", "bsd"];

impl Device {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Laptop => "laptop",
            Self::Desktop => "desktop",
        }
    }

    /// Returns the class of a viewport with this width in CSS pixels, or `None` for a width of zero, which a hidden
    /// frame has.
    pub(crate) fn of_width(width: u32) -> Option<Self> {
        match width {
            0 => None,
            1..TABLET => Some(Self::Phone),
            TABLET..LAPTOP => Some(Self::Tablet),
            LAPTOP..DESKTOP => Some(Self::Laptop),
            DESKTOP.. => Some(Self::Desktop),
        }
    }

    /// Returns the class that an agent in lower case states. It cannot tell a laptop from a desktop.
    pub(crate) fn of_agent(agent: &str) -> Option<Self> {
        let has = |parts: &[&str]| parts.iter().any(|part| agent.contains(part));
        let is_android = agent.contains("android");
        if has(&LARGE_SCREENS) {
            Some(Self::Desktop)
        } else if has(&TABLETS) || (is_android && !has(&PHONES)) {
            Some(Self::Tablet)
        } else if has(&PHONES) {
            Some(Self::Phone)
        } else {
            has(&COMPUTERS).then_some(Self::Desktop)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_have_the_classes_of_the_design() {
        for (width, expected) in [
            (1, "phone"),
            (575, "phone"),
            (576, "tablet"),
            (991, "tablet"),
            (992, "laptop"),
            (1_439, "laptop"),
            (1_440, "desktop"),
            (u32::MAX, "desktop"),
        ] {
            assert_eq!(Device::of_width(width).map(Device::as_str), Some(expected), "{width}");
        }
        assert_eq!(Device::of_width(0), None);
        assert_eq!(Device::of_agent("curl/8.0"), None);
    }
}
