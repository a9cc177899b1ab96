//! Channel cases. Invariant: every rule has a case, and so has every conflict between two rules.

use super::*;
use proptest::prelude::*;

/// `source medium campaign click referrer`, `-` for nothing, `+` for a space.
fn arrive(line: &str) -> Touch {
    let spaced: Vec<String> = line.split_whitespace().map(|word| word.replace('+', " ")).collect();
    let at = |i: usize| spaced.get(i).map(String::as_str).filter(|word| *word != "-");
    touch(&Arrival {
        source: at(0),
        medium: at(1),
        campaign: at(2),
        click_id: at(3),
        referrer_host: at(4),
        ..Arrival::default()
    })
}

#[test]
fn the_nineteen_rules() {
    use Channel::*;
    let cases = [
        // 1, and it comes before everything
        ("google cpc Cross-Network - -", CrossNetwork),
        ("google cpc summer-cross-network-shopping gclid google.com", CrossNetwork),
        ("- - cross-network - -", CrossNetwork),
        // 2, and it comes before 3 and 4
        ("amazon cpc - - -", PaidShopping),
        ("google cpc spring-shopping gclid google.com", PaidShopping),
        ("facebook paid-social e-shop - -", PaidShopping),
        ("- cpc - - www.ebay.co.uk", PaidShopping),
        // 3
        ("google cpc spring - -", PaidSearch),
        ("Google CPC spring - -", PaidSearch),
        ("bing ppc - - -", PaidSearch),
        ("duckduckgo retargeting - - -", PaidSearch),
        ("- cpc - - www.google.de", PaidSearch),
        ("- - - gclid www.google.com", PaidSearch),
        ("- - - wbraid -", PaidSearch),
        ("- - - gbraid www.google.co.uk", PaidSearch),
        ("google - shopping gclid -", PaidSearch),
        ("- - - msclkid www.bing.com", PaidSearch),
        ("- - - msclkid -", PaidSearch),
        ("- - - yclid ya.ru", PaidSearch),
        ("adwords - - - -", PaidSearch),
        ("googleads email - - -", PaidSearch),
        // a click id on somebody else's source proves nothing
        ("- - - msclkid www.google.com", OrganicSearch),
        ("- - - gclid www.bing.com", OrganicSearch),
        ("partner - - gclid -", Referral),
        // 4
        ("facebook cpc - - -", PaidSocial),
        ("linkedin paid_social - - -", PaidSocial),
        ("fb cpm - - -", PaidSocial),
        ("li paid - - lnkd.in", PaidOther),
        ("- paid-social - - t.co", PaidSocial),
        ("- cpc - - com.linkedin.android", PaidSocial),
        // 5
        ("youtube cpv - - -", PaidVideo),
        ("youtube cpc - - -", PaidVideo),
        ("- paidvideo - - m.youtube.com", PaidVideo),
        // 6, before 7 although `cpm` has `cp` in it
        ("trade-magazine cpm - - -", Display),
        ("trade-magazine display - - -", Display),
        ("google banner - - -", Display),
        ("youtube interstitial - - -", Display),
        ("- - - dclid -", Display),
        ("- - - dclid news.example", Display),
        // 7
        ("trade-magazine cpc - - -", PaidOther),
        ("- paid - - -", PaidOther),
        ("outbrain cpc-native - - -", PaidOther),
        ("chatgpt.com cpc - - -", PaidOther),
        // 8
        ("- - - - www.amazon.co.uk", OrganicShopping),
        ("newsletter email autumn-shop - -", OrganicShopping),
        ("- - - - shopping.google.com", OrganicShopping),
        ("newsletter email eshop - -", OrganicShopping),
        ("newsletter email workshop - -", Email),
        ("newsletter email workshop-shop - -", OrganicShopping),
        // 9
        ("- - - - www.linkedin.com", OrganicSocial),
        ("- - - - lnkd.in", OrganicSocial),
        ("- - - fbclid l.facebook.com", OrganicSocial),
        ("- - - fbclid -", OrganicSocial),
        ("xing - - - -", OrganicSocial),
        ("linkedin email - - -", OrganicSocial),
        ("acme sm - - -", OrganicSocial),
        ("acme social+network - - -", OrganicSocial),
        ("acme Social-Media - - -", OrganicSocial),
        ("google social - - -", OrganicSocial),
        // 10
        ("- - - - youtu.be", OrganicVideo),
        ("acme video - - -", OrganicVideo),
        ("acme video-email - - -", OrganicVideo),
        // 11, before 12
        ("chatgpt.com - - - -", AiAssistants),
        ("chatgpt.com referral - - -", AiAssistants),
        ("- - - - chatgpt.com", AiAssistants),
        ("- - - - claude.ai", AiAssistants),
        ("- - - - gemini.google.com", AiAssistants),
        ("- - - - www.perplexity.ai", AiAssistants),
        ("- - - - copilot.microsoft.com", AiAssistants),
        ("- - - - chat.deepseek.com", AiAssistants),
        ("grok - - - -", AiAssistants),
        ("phind - - - -", AiAssistants),
        ("google ai-assistant - - -", AiAssistants),
        // 12
        ("- - - - www.google.com", OrganicSearch),
        ("google organic - - -", OrganicSearch),
        ("somewhere organic - - -", OrganicSearch),
        ("google email - - -", OrganicSearch),
        ("- - - - google.com.br", OrganicSearch),
        ("- - - - search.brave.com", OrganicSearch),
        ("- - - - de.search.yahoo.com", OrganicSearch),
        ("- - - - com.google.android.googlequicksearchbox", OrganicSearch),
        // 13
        ("newsletter - - - -", Email),
        ("acme e-mail - - -", Email),
        ("acme e+mail - - -", Email),
        ("acme E_Mail - - -", Email),
        ("- - - - mail.google.com", Email),
        ("- - - - com.google.android.gm", Email),
        ("- - - - outlook.office.com", Email),
        ("- - - - webmail.customer.example", Email),
        // 14 to 17
        ("partner affiliate - - -", Affiliates),
        ("podcast audio - - -", Audio),
        ("sms - - - -", Sms),
        ("acme sms - - -", Sms),
        ("acme web-push - - -", MobilePush),
        ("acme mobile-banner - - -", MobilePush),
        ("acme notification - - -", MobilePush),
        ("firebase - - - -", MobilePush),
        // 18
        ("partner - - - -", Referral),
        ("- - - - blog.example.org", Referral),
        ("- - - - docs.google.com", Referral),
        ("- - - - aws.amazon.com", Referral),
        ("- - - - evil-google.com.attacker.net", Referral),
        ("- - - - google.com.attacker.net", Referral),
        ("- - - - notfacebook.com", Referral),
        ("- - trade-fair - -", Referral),
        ("- qr - - -", Referral),
        // 19
        ("- - - - -", Direct),
        ("direct - - - -", Direct),
        ("(direct) (none) - - -", Direct),
        ("- - - 6f3b2c1d -", Direct),
    ];
    for (line, channel) in cases {
        assert_eq!(arrive(line).channel, channel, "{line}");
    }
    for channel in Channel::ALL {
        assert!(cases.iter().any(|(_, expected)| *expected == channel), "no case for {channel:?}");
    }
}

#[test]
fn a_touch_says_where_from_and_nothing_more() {
    let source = |line: &str| arrive(line).source.map(|text| text.as_str().to_owned());
    for (line, name) in [
        ("- - - - www.google.co.uk", "google"),
        ("- - - - l.facebook.com", "facebook"),
        ("- - - - www.blog.example.org", "blog.example.org"),
        ("chatgpt.com - - - -", "chatgpt"),
        ("LinkedIn - - - -", "linkedin"),
        ("fb - - - -", "fb"),
        ("- - - gclid -", "google"),
        ("partner.example - - - -", "partner.example"),
    ] {
        assert_eq!(source(line).as_deref(), Some(name), "{line}");
    }
    let touch = arrive("Google CPC Spring+Launch GCLID www.google.com");
    assert_eq!(touch.medium.as_ref().map(Text::as_str), Some("cpc"));
    assert_eq!(touch.campaign.as_ref().map(Text::as_str), Some("Spring Launch"));
    assert_eq!(touch.click_id.as_ref().map(Text::as_str), Some("gclid"));
    assert_eq!(touch.referrer.as_ref().map(Text::as_str), Some("google.com"));
    assert_eq!(arrive("- - - EAIaIQobChMI -"), Touch::DIRECT, "a value is not a name");
    assert_eq!(arrive("(direct) (none) - - -"), Touch::DIRECT);
}

#[test]
fn the_longest_host_wins() {
    for (host, known) in [
        ("google.de", Some(("google", SourceKind::Search))),
        ("GEMINI.google.com.", Some(("gemini", SourceKind::Ai))),
        ("mail.google.com", Some(("gmail", SourceKind::Email))),
        ("mail.customer.example", Some(("webmail", SourceKind::Email))),
        ("shopping.google.de", Some(("google-shopping", SourceKind::Shopping))),
        ("t.co", Some(("twitter", SourceKind::Social))),
        ("x.com", Some(("twitter", SourceKind::Social))),
        ("netflix.com", Some(("netflix", SourceKind::Video))),
        ("hex.com", None),
        ("reddit.co", None),
        ("com", None),
        ("", None),
    ] {
        assert_eq!(source_of_host(host), known, "{host}");
    }
}

#[test]
fn the_two_patterns_mean_what_the_regexes_mean() {
    let paid = regex::Regex::new("^(.*cp.*|ppc|retargeting|paid.*)$").expect("valid");
    let shop = regex::Regex::new("^(.*(([^a-df-z]|^)shop|shopping).*)$").expect("valid");
    for word in [
        "",
        "cpc",
        "cpm",
        "xcpx",
        "ppc",
        "ppcs",
        "retargeting",
        "retargetings",
        "paid",
        "paidsocial",
        "unpaid",
        "shop",
        "eshop",
        "e-shop",
        "workshop",
        "ashop",
        "zshop",
        "äshop",
        "9shop",
        "shopping",
        "ashopping",
        "shopshop",
        "workshop shop",
        "sho",
        "shopify",
        "eeshop",
        "fshop",
    ] {
        assert_eq!(is_paid(word), paid.is_match(word), "{word}");
        assert_eq!(is_shop(word), shop.is_match(word), "{word}");
    }
}

proptest! {
    #[test]
    fn never_panics_and_keeps_its_bounds(words in prop::collection::vec(prop::option::of(".*"), 7)) {
        let at = |i: usize| words[i].as_deref();
        let touch = touch(&Arrival {
            source: at(0), medium: at(1), campaign: at(2), content: at(3), term: at(4), click_id: at(5), referrer_host: at(6),
        });
        prop_assert!(touch.click_id.is_none_or(|name| CLICK_IDS.contains(&name.as_str())));
        prop_assert!(touch.referrer.is_none_or(|host| !host.as_str().contains('/')));
    }

    #[test]
    fn shop_and_paid_are_the_regexes(word in "[a-fs-z shop-ping]{0,12}(shop)?[a-z ]{0,4}") {
        let shop = regex::Regex::new("^(.*(([^a-df-z]|^)shop|shopping).*)$").expect("valid");
        prop_assert_eq!(is_shop(&word), shop.is_match(&word));
    }
}
