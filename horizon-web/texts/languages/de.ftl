# Die Texte der Oberfläche auf Deutsch, in der Syntax von Fluent: https://projectfluent.org

## Every page

skip-to-content = Zum Inhalt springen
nav-site = Website
nav-blog = Blog
theme = Farbschema
theme-system = Farbschema: System
theme-light = Farbschema: hell
theme-dark = Farbschema: dunkel
footer-privacy = Kein Cookie, solange du nichts likst oder kommentierst, und keine Anfragen an Dritte.
numbers = Zahlen
tags = Schlagwörter

## Numbers: the unit follows the number

unit-reading-now =
    { $count ->
        [one] liest gerade
       *[other] lesen gerade
    }
unit-on-site =
    { $count ->
        [one] gerade auf der Website
       *[other] gerade auf der Website
    }
unit-visits =
    { $count ->
        [one] Besuch
       *[other] Besuche
    }
unit-views =
    { $count ->
        [one] Aufruf
       *[other] Aufrufe
    }
unit-likes =
    { $count ->
        [one] Like
       *[other] Likes
    }
unit-comments =
    { $count ->
        [one] Kommentar
       *[other] Kommentare
    }

## Lists

latest-posts = Neueste Beiträge
all-posts = Alle Beiträge
all-posts-of = Alle Beiträge von { $site }.
posts = Beiträge
posts-about = Die Beiträge von { $site } zu { $tag }.
posts-found =
    { $count ->
        [one] { $count } Beitrag gefunden.
       *[other] { $count } Beiträge gefunden.
    }
posts-count =
    { $count ->
        [one] { $count } Beitrag
       *[other] { $count } Beiträge
    }
no-posts-yet = Es gibt noch keine Beiträge.
no-posts-found = Keine Beiträge gefunden. Versuche es mit anderen Wörtern oder einem anderen Schlagwort.
no-posts-with-tag = Es gibt keine Beiträge mit diesem Schlagwort.
tag = Schlagwort
tag-all = Alle
all-tags = Alle Schlagwörter
search-label = Suche
search-button = Suchen
search-results = Suchergebnisse
search-not-ready = Die Suche wird gerade vorbereitet. Bitte versuche es gleich noch einmal.
archive = Archiv
archive-of = Alle Beiträge von { $site } nach Jahr.
archive-year = Beiträge aus { $year }
series = Serie
series-all = Alle Serien
series-of = Die Serien von { $site }.
series-part = Teil { $part } von { $count }
pages = Seiten
page-number = Seite { $page }
page-of = Seite { $page } von { $count }
previous-page = Vorherige Seite
next-page = Nächste Seite

## Posts

reading-minutes =
    { $count ->
        [one] { $count } Min. Lesezeit
       *[other] { $count } Min. Lesezeit
    }
updated-on = Aktualisiert am { $date }
contents = Inhalt
like = Gefällt mir
older = Älter
newer = Neuer
previous = Zurück
next = Weiter
other-posts = Weitere Beiträge
translations = Übersetzungen
draft = Entwurf
scheduled = Geplant
copy-code = Kopieren
code-copied = Kopiert
code-copy-failed = Kopieren fehlgeschlagen
section-link = Link zu diesem Abschnitt: { $heading }
table-number = Tabelle { $number }
task-done = Erledigt
task-open = Offen
details = Details
alert-note = Hinweis
alert-tip = Tipp
alert-important = Wichtig
alert-warning = Warnung
alert-caution = Vorsicht
footnotes = Fußnoten
footnote-back = Zurück zum Verweis { $number }

## Comments

comments-unavailable = Die Kommentare können gerade nicht angezeigt werden.
newest-comments = Neueste Kommentare
earlier-comments = Frühere Kommentare
more-replies = Weitere Antworten
new-comments =
    { $count ->
        [one] { $count } neuer Kommentar
       *[other] { $count } neue Kommentare
    }
comment-removed = Dieser Kommentar wurde entfernt.
comment-author-unnamed = Jemand
badge-author = Autor
reply = Antworten
# Follows "Reply" for screen readers.
reply-to = an { $author }
write-comment = Kommentar schreiben
in-reply-to = Antwort an { $author }
cancel = Abbrechen
comment-name = Name
optional = (optional)
comment-body = Kommentar
comment-hint = Text oder einfaches Markdown: { $emphasis }, { $code }, Listen, Links.
comment-hint-emphasis = Betonung
comment-hint-code = Code
leave-empty = Dieses Feld leer lassen
send = Senden
comment-published = Danke. Dein Kommentar ist veröffentlicht.
comment-pending = Danke. Dein Kommentar erscheint, sobald er freigegeben ist.
error-offline = Der Server ist nicht erreichbar. Bitte versuche es noch einmal.
error-server = Das hat nicht geklappt. Bitte versuche es später noch einmal.
error-too-many = Das war zu viel auf einmal. Bitte versuche es später noch einmal.
error-forbidden = Das ist hier nicht erlaubt.
error-body = Der Kommentar ist leer, länger als { $max } Zeichen oder enthält unzulässige Zeichen.
error-author = Der Name ist länger als { $max } Zeichen oder enthält unzulässige Zeichen.
error-parent = Auf diesen Kommentar kann man nicht antworten.
error-again = Bitte sende ihn noch einmal.

## Other pages

not-found = Seite nicht gefunden
not-found-detail = Unter dieser Adresse gibt es keine Seite.
home-page = Startseite
unavailable = Dienst nicht verfügbar
unavailable-detail = Die Datenbank dieses Blogs antwortet nicht. Bitte versuche es in einigen Sekunden noch einmal.
forbidden = Nicht erlaubt
invalid-form = Das Formular ist ungültig

## Signing in

sign-in = Anmelden
sign-out = Abmelden
token = Token
token-hint = Der Wert von { $setting } auf dem Server.
reports-token = Ich habe ein Token für die Berichte
signed-in-already = Schon angemeldet?
continue = Weiter
wrong-token = Das Token ist falsch.
too-many-tokens = Zu viele falsche Tokens. Das richtige wird weiterhin angenommen.
incomplete-form = Das Formular ist unvollständig. Bitte sende es noch einmal.
session-ended = Deine Sitzung ist abgelaufen. Bitte melde dich neu an.
other-site = Das Formular wurde von einer anderen Website gesendet.
invalid-verdict = Das Urteil muss { $shown } oder { $removed } sein.

## Moderation

comments = Kommentare
comment-filter = Welche Kommentare
comments-all = Alle
comments-pending = Wartend
dashboard = Dashboard
no-comments = Es gibt keine Kommentare.
older-comments = Ältere Kommentare
hidden-posts = Entwürfe und geplante Beiträge
posts-with-errors = Beiträge, die nicht angezeigt werden können
last-good-version = Die letzte fehlerfreie Fassung wird angezeigt
more-errors = { $count } weitere. { $command } listet alle auf.
comment-on = zu { $post }
state-shown = Sichtbar
state-removed = Entfernt
state-pending = Wartend
state-reply = Antwort
restore = Wiederherstellen
approve = Freigeben
remove = Entfernen

## Cluster

cluster = Cluster
admin-pages = Verwaltungsseiten
web-nodes = Webknoten
accumulators = Akkumulatoren
problems = Probleme
node = Knoten
viewers = Leser
counted = Gezählt
unread = Ungelesen
pending = Offen
lost = Verloren
last-heartbeat = Letztes Lebenszeichen
round-trip = Umlaufzeit zu Redis
clock-offset = Uhrabweichung
started = Gestartet
just-now = gerade eben
seconds-ago =
    { $count ->
        [one] vor { $count } s
       *[other] vor { $count } s
    }
unknown = unbekannt
clock-in-sync = synchron
clock-ahead = { $offset } voraus
clock-behind = { $offset } zurück
only-this-process = Nur dieser Prozess wird aufgeführt, weil HORIZON_BUS nicht in Redis liegt.
redis-unreachable = Redis ist nicht erreichbar, deshalb wird nur dieser Prozess aufgeführt.
# A time in UTC.
time-utc = { $time } UTC
