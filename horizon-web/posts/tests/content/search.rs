use std::fmt::Write as _;

use horizon_posts::{Library, MAX_SEARCH_CHARS, SearchIndex};

use crate::folder::Folder;

/// Posts in six languages: slug, language, title, tags, text.
const POSTS: [(&str, &str, &str, &str, &str); 24] = [
    (
        "presence",
        "en",
        "Counting people, not sockets",
        "presence, rust",
        "A reader with three open tabs is one reader. The server counts distinct visitors and forgets them after \
      a while.\n\n\
      ## Heartbeats\n\nEach tab sends a heartbeat. When they stop, the visitor has left.",
    ),
    (
        "group-commit",
        "en",
        "Group commit in SQLite",
        "databases",
        "Writing events one by one is slow, because every transaction waits for the disk. Batches of a thousand \
      share one \
      fsync. Readers are never blocked in WAL mode.",
    ),
    (
        "bread",
        "en",
        "Baking sourdough bread",
        "kitchen",
        "Feed the starter twice a day. Flour, water and salt are enough. The loaves are baked in a hot iron pot.",
    ),
    (
        "release",
        "en",
        "What is new in version two",
        "news",
        "The dashboard shows sessions, and the search understands typing errors. We removed the old configuration \
      file.\n\n\
      ```rust\nfn main() { println!(\"migrate_database\"); }\n```",
    ),
    (
        "houses",
        "de",
        "Alte Häuser in der Straße am Fluss",
        "Städte",
        "Die Häuser wurden im vorigen Jahrhundert gebaut. Eine Größe von achtzig Quadratmetern war üblich.",
    ),
    (
        "gardening",
        "de",
        "Tomaten im eigenen Garten",
        "Garten",
        "Im Frühling säen wir die Samen aus. Die Pflanzen brauchen viel Sonne und wenig Wasser. Schnecken sind \
      ein Ärgernis.",
    ),
    (
        "privacy-de",
        "de",
        "Datenschutz ohne Zustimmungsbanner",
        "Datenschutz",
        "Wer keine Kekse setzt, muss niemanden fragen. Die Besucher werden gezählt, aber nicht verfolgt.",
    ),
    (
        "travel-de",
        "de",
        "Mit dem Zug nach Łódź",
        "Reisen",
        "Die Reise dauert neun Stunden. Unterwegs sahen wir Felder, Wälder und kleine Bahnhöfe.",
    ),
    (
        "cooking",
        "fr",
        "La cuisine française à l’été",
        "cuisine",
        "Les recettes de ma grand-mère: une ratatouille, des aubergines grillées et une tarte aux abricots.",
    ),
    (
        "ecology",
        "fr",
        "Développement durable et écologie",
        "écologie",
        "Les villes développent leurs pistes cyclables. Les habitantes et les habitants respirent mieux.",
    ),
    (
        "cinema",
        "fr",
        "Trois films que j’ai aimés",
        "cinéma",
        "Le premier est une comédie. Les actrices jouent avec beaucoup de finesse, et la musique est magnifique.",
    ),
    (
        "cheese",
        "fr",
        "Comment choisir un fromage",
        "cuisine",
        "Un bon fromager vous laisse goûter. Le roquefort, le comté et le brie se mangent à température ambiante.",
    ),
    (
        "songs",
        "es",
        "Canciones para el camino",
        "música",
        "Cada canción cuenta una historia. Las guitarras suenan en la montaña, y mañana cantaremos juntos.",
    ),
    (
        "children",
        "es",
        "Niños que programan",
        "educación",
        "Los niños aprenden a programar con juegos. Las niñas construyen robots pequeños en la escuela.",
    ),
    (
        "coffee",
        "es",
        "El café de la mañana",
        "cocina",
        "Un café corto, sin azúcar. La cafetera italiana de mi abuela todavía funciona.",
    ),
    (
        "football",
        "es",
        "El partido del domingo",
        "deporte",
        "El portero paró dos penaltis. Los jugadores corrieron bajo la lluvia hasta el último minuto.",
    ),
    (
        "search-ja",
        "ja",
        "全文検索の仕組み",
        "検索",
        "日本語の文章には空白がありません。そこで、二文字ずつに分けて索引を作ります。検索はとても速いです。",
    ),
    (
        "tokyo",
        "ja",
        "東京の桜を見に行く",
        "旅行",
        "四月の初めに上野公園へ行きました。桜が満開で、たくさんの人が写真を撮っていました。",
    ),
    (
        "ramen",
        "ja",
        "おいしいラーメンの作り方",
        "料理",
        "スープは鶏ガラと昆布で取ります。麺は細いものがおすすめです。パンも焼きました。",
    ),
    (
        "cat",
        "ja",
        "猫と暮らす",
        "生活",
        "うちの猫は窓のそばで眠るのが好きです。朝になると、ごはんをねだります。",
    ),
    (
        "library",
        "ar",
        "المكتبة القديمة في القاهرة",
        "كتب",
        "زرت المكتبة في الصباح ووجدت كتباً نادرة عن تاريخ المدينة. القراءة فيها هادئة وجميلة.",
    ),
    (
        "coffee-ar",
        "ar",
        "قهوة الصباح",
        "مطبخ",
        "أحب القهوة بدون سكر. كل صباح أشرب فنجاناً مع صديقي أحمد ونتحدث عن العمل.",
    ),
    (
        "programming",
        "ar",
        "تعلم البرمجة للمبتدئين",
        "برمجة",
        "البرمجة مهارة مفيدة. المبرمجون يكتبون برامج كثيرة، والتعلم يحتاج إلى صبر وممارسة.",
    ),
    (
        "sea",
        "ar",
        "رحلة إلى البحر",
        "سفر",
        "سافرنا إلى البحر في الصيف. كانت الأمواج عالية والسماء صافية، ولعب الأطفال على الرمال.",
    ),
];

/// A search and its first result.
const QUERIES: [(&str, &str); 26] = [
    // English: endings, a typing error, exchanged letters, the start of a word, code, several words in the text.
    ("counted reader", "presence"),
    ("presance", "presence"),
    ("transatcion", "group-commit"),
    ("sourd", "bread"),
    ("migrate_database", "release"),
    ("sessions dashboard", "release"),
    // German: umlauts with and without, ß, an irregular plural, a letter that Unicode does not decompose.
    ("hauser strasse", "houses"),
    ("GRÖSSE", "houses"),
    ("pflanze sonne", "gardening"),
    ("lodz", "travel-de"),
    ("datenschuzt", "privacy-de"),
    // French: an apostrophe, accents, endings.
    ("l'ete cuisine", "cooking"),
    ("developpement", "ecology"),
    ("actrice", "cinema"),
    // Spanish: endings, ñ, a typing error.
    ("cancion", "songs"),
    ("nina robot", "children"),
    ("cafe azucar", "coffee"),
    ("jugadro", "football"),
    // Japanese: a part of a phrase, half-width kana, one character, hiragana.
    ("検索", "search-ja"),
    ("上野公園の桜", "tokyo"),
    ("ﾗｰﾒﾝ", "ramen"),
    ("猫", "cat"),
    // Arabic: with and without the article, a plural, without the hamza.
    ("مكتبة", "library"),
    ("احمد", "coffee-ar"),
    ("مبرمج", "programming"),
    ("الامواج", "sea"),
];

fn blog() -> (Folder, Library) {
    let folder = Folder::new();
    for (slug, language, title, tags, text) in POSTS {
        let front = format!("title: \"{title}\"\ndate: 2026-01-01\nlang: {language}\ntags: \"{tags}\"");
        folder.write(&format!("{slug}.md"), format!("---\n{front}\n---\n{text}\n"));
    }
    let library = folder.load();
    assert_eq!(library.posts().len(), POSTS.len());
    (folder, library)
}

fn index(library: &Library) -> SearchIndex {
    SearchIndex::build(library, || false).unwrap()
}

fn found<'a>(index: &'a SearchIndex, query: &str) -> Vec<&'a str> {
    let found = index.search(query);
    found
        .results
        .into_iter()
        .map(|result| result.post.slug.as_str())
        .collect()
}

#[test]
fn the_best_post_is_first_in_six_languages() {
    let (_folder, library) = blog();
    let index = index(&library);
    let mut wrong = String::new();
    for (query, expected) in QUERIES {
        let found = found(&index, query);
        if found.first() != Some(&expected) {
            let _ = writeln!(wrong, "{query:?}: {found:?} instead of {expected:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_result_has_all_words_of_the_search() {
    let (_folder, library) = blog();
    let index = index(&library);
    assert_eq!(found(&index, "cuisine"), ["cooking", "cheese"]);
    assert_eq!(found(&index, "cuisine roquefort"), ["cheese"]);
    assert_eq!(
        found(&index, "roquefort sqlite fromage"),
        ["cheese"],
        "the most words if no post has all"
    );
    for nothing in ["", " ", "???", "xyzzyxyzzy", &"x".repeat(10_000)] {
        assert_eq!(found(&index, nothing), Vec::<&str>::new(), "{nothing:?}");
    }
}

#[test]
fn the_title_counts_more_than_the_text_and_the_exact_word_more_than_other_forms() {
    let folder = Folder::new();
    let library = folder
        .post("counting", "2026-01-01", "apple")
        .write("title.md", "---\ntitle: An apple\ndate: 2025-01-01\n---\nWords.")
        .post("plural", "2026-01-02", "apples")
        .load();
    assert_eq!(found(&index(&library), "apple"), ["title", "counting", "plural"]);
}

#[test]
fn the_matching_passage_is_marked() {
    let (_folder, library) = blog();
    let index = index(&library);
    let marked = |query: &str| {
        let results = index.search(query);
        let passage = results.passages(&results.results[..1]).remove(0)?;
        let parts = passage.parts.iter();
        let text = parts.map(|part| {
            if part.is_match {
                format!("[{}]", part.text)
            } else {
                part.text.clone()
            }
        });
        Some(text.collect::<String>())
    };
    let english = marked("heartbeat stops").unwrap();
    assert!(
        english.contains("[Heartbeats] Each tab sends a [heartbeat]. When they [stop], the"),
        "{english}"
    );
    assert_eq!(
        marked("満開").unwrap(),
        "四月の初めに上野公園へ行きました。桜が[満開]で、たくさんの人が写真を撮っていました。"
    );
    assert_eq!(marked("deporte"), None, "only a tag");
}

#[test]
fn what_readers_do_not_see_is_not_found() {
    let folder = Folder::new();
    let library = folder
        .post(
            "one",
            "2026-01-01",
            "Public. <!-- secretword --> [x](http://a.example/addressword)",
        )
        .load();
    let index = index(&library);
    assert_eq!(found(&index, "public"), ["one"]);
    assert_eq!(found(&index, "addressword"), Vec::<&str>::new());
}

#[test]
fn a_long_search_is_cut() {
    let (_folder, library) = blog();
    let index = index(&library);
    let query = format!("cuisine {}roquefort", "fromage ".repeat(MAX_SEARCH_CHARS));
    assert_eq!(found(&index, &query), ["cheese"]);
    let many: String = (0..100_000).map(|number| format!("w{number} ")).collect();
    assert_eq!(found(&index, &many), Vec::<&str>::new());
}

#[test]
fn an_obsolete_build_ends() {
    let (_folder, library) = blog();
    assert!(SearchIndex::build(&library, || true).is_none());
}
