//! Channels and touches. Invariant: a touch holds names of campaigns and hosts of referrers only; never
//! the value of a click id, never the path or the query of a referrer.

use super::Text;
use serde::{Deserialize, Serialize};

/// Where a visit came from, in the groups of GA4's default channel grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the trade's own, and `label` prints them")]
pub enum Channel {
    CrossNetwork = 1,
    PaidShopping = 2,
    PaidSearch = 3,
    PaidSocial = 4,
    PaidVideo = 5,
    Display = 6,
    PaidOther = 7,
    OrganicShopping = 8,
    OrganicSocial = 9,
    OrganicVideo = 10,
    AiAssistants = 11,
    OrganicSearch = 12,
    Email = 13,
    Affiliates = 14,
    Audio = 15,
    Sms = 16,
    MobilePush = 17,
    Referral = 18,
    Direct = 19,
}

impl Channel {
    /// All channels, in the order in which their rules are tried.
    pub const ALL: [Self; 19] = [
        Self::CrossNetwork,
        Self::PaidShopping,
        Self::PaidSearch,
        Self::PaidSocial,
        Self::PaidVideo,
        Self::Display,
        Self::PaidOther,
        Self::OrganicShopping,
        Self::OrganicSocial,
        Self::OrganicVideo,
        Self::AiAssistants,
        Self::OrganicSearch,
        Self::Email,
        Self::Affiliates,
        Self::Audio,
        Self::Sms,
        Self::MobilePush,
        Self::Referral,
        Self::Direct,
    ];

    /// The stored number, 1 to 19.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// From the stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }

    /// The name in the API and in exports, such as `paid_search`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::CrossNetwork => "cross_network",
            Self::PaidShopping => "paid_shopping",
            Self::PaidSearch => "paid_search",
            Self::PaidSocial => "paid_social",
            Self::PaidVideo => "paid_video",
            Self::Display => "display",
            Self::PaidOther => "paid_other",
            Self::OrganicShopping => "organic_shopping",
            Self::OrganicSocial => "organic_social",
            Self::OrganicVideo => "organic_video",
            Self::AiAssistants => "ai_assistants",
            Self::OrganicSearch => "organic_search",
            Self::Email => "email",
            Self::Affiliates => "affiliates",
            Self::Audio => "audio",
            Self::Sms => "sms",
            Self::MobilePush => "mobile_push",
            Self::Referral => "referral",
            Self::Direct => "direct",
        }
    }

    /// From the name.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.key() == key)
    }

    /// The name as people read it, such as `Paid Search`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::CrossNetwork => "Cross-network",
            Self::PaidShopping => "Paid Shopping",
            Self::PaidSearch => "Paid Search",
            Self::PaidSocial => "Paid Social",
            Self::PaidVideo => "Paid Video",
            Self::Display => "Display",
            Self::PaidOther => "Paid Other",
            Self::OrganicShopping => "Organic Shopping",
            Self::OrganicSocial => "Organic Social",
            Self::OrganicVideo => "Organic Video",
            Self::AiAssistants => "AI Assistants",
            Self::OrganicSearch => "Organic Search",
            Self::Email => "Email",
            Self::Affiliates => "Affiliates",
            Self::Audio => "Audio",
            Self::Sms => "SMS",
            Self::MobilePush => "Mobile Push",
            Self::Referral => "Referral",
            Self::Direct => "Direct",
        }
    }
}

impl Serialize for Channel {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for Channel {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::from_key(&key).ok_or_else(|| serde::de::Error::custom("no such channel"))
    }
}

/// How a visitor arrived: what the link and the referrer said. An event that follows another page of the
/// same site has no touch of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Touch {
    /// The channel by the rules of `enrich::channel`.
    pub channel: Channel,
    /// `utm_source`, or the referrer's name (`google`), or its host; `None` for direct.
    pub source: Option<Text<100>>,
    /// `utm_medium`.
    pub medium: Option<Text<100>>,
    /// `utm_campaign`.
    pub campaign: Option<Text<200>>,
    /// `utm_content`; kept from the rung `measured` up.
    pub content: Option<Text<200>>,
    /// `utm_term`; kept from the rung `measured` up.
    pub term: Option<Text<200>>,
    /// The name of the click-id parameter, such as `gclid`; never its value.
    pub click_id: Option<Text<20>>,
    /// The referrer's host, without `www.`.
    pub referrer: Option<Text<253>>,
}

impl Touch {
    /// A direct visit.
    pub const DIRECT: Self = Self {
        channel: Channel::Direct,
        source: None,
        medium: None,
        campaign: None,
        content: None,
        term: None,
        click_id: None,
        referrer: None,
    };
}
