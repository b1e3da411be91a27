# Les textes de l’interface en français, dans la syntaxe de Fluent : https://projectfluent.org

## Every page

skip-to-content = Aller au contenu
nav-site = Site
nav-blog = Blog
theme = Thème
theme-system = Thème : système
theme-light = Thème : clair
theme-dark = Thème : sombre
footer-privacy = Aucun cookie tant que vous n’aimez ni ne commentez, aucune requête vers des tiers.
numbers = Chiffres
tags = Étiquettes

## Numbers: the unit follows the number

unit-reading-now =
    { $count ->
        [one] lit en ce moment
        [many] lisent en ce moment
       *[other] lisent en ce moment
    }
unit-on-site =
    { $count ->
        [one] sur le site en ce moment
        [many] sur le site en ce moment
       *[other] sur le site en ce moment
    }
unit-visits =
    { $count ->
        [one] visite
        [many] de visites
       *[other] visites
    }
unit-views =
    { $count ->
        [one] vue
        [many] de vues
       *[other] vues
    }
unit-likes =
    { $count ->
        [one] j’aime
        [many] de j’aime
       *[other] j’aime
    }
unit-comments =
    { $count ->
        [one] commentaire
        [many] de commentaires
       *[other] commentaires
    }

## Lists

latest-posts = Derniers articles
all-posts = Tous les articles
all-posts-of = Tous les articles de { $site }.
posts = Articles
posts-about = Les articles de { $site } sur { $tag }.
posts-found =
    { $count ->
        [one] { $count } article trouvé.
        [many] { $count } d’articles trouvés.
       *[other] { $count } articles trouvés.
    }
posts-count =
    { $count ->
        [one] { $count } article
        [many] { $count } d’articles
       *[other] { $count } articles
    }
no-posts-yet = Il n’y a pas encore d’articles.
no-posts-found = Aucun article trouvé. Essayez d’autres mots ou une autre étiquette.
no-posts-with-tag = Aucun article ne porte cette étiquette.
tag = Étiquette
tag-all = Toutes
all-tags = Toutes les étiquettes
search-label = Recherche
search-button = Rechercher
search-results = Résultats de la recherche
search-not-ready = La recherche est en cours de préparation. Réessayez dans un instant.
archive = Archives
archive-of = Tous les articles de { $site } par année.
archive-year = Articles de { $year }
series = Série
series-all = Toutes les séries
series-of = Les séries de { $site }.
series-part = Partie { $part } sur { $count }
pages = Pages
page-number = Page { $page }
page-of = Page { $page } sur { $count }
previous-page = Page précédente
next-page = Page suivante

## Posts

reading-minutes =
    { $count ->
        [one] { $count } min de lecture
        [many] { $count } min de lecture
       *[other] { $count } min de lecture
    }
updated-on = Mis à jour le { $date }
contents = Sommaire
like = J’aime
older = Plus ancien
newer = Plus récent
previous = Précédent
next = Suivant
other-posts = Autres articles
translations = Traductions
draft = Brouillon
scheduled = Programmé
copy-code = Copier
code-copied = Copié
code-copy-failed = La copie a échoué
section-link = Lien vers cette section : { $heading }
table-number = Tableau { $number }
task-done = Fait
task-open = À faire
details = Détails
alert-note = Note
alert-tip = Astuce
alert-important = Important
alert-warning = Avertissement
alert-caution = Attention
footnotes = Notes
footnote-back = Retour à l’appel de note { $number }

## Comments

comments-unavailable = Les commentaires ne peuvent pas être affichés pour le moment.
newest-comments = Commentaires les plus récents
earlier-comments = Commentaires précédents
more-replies = Plus de réponses
new-comments =
    { $count ->
        [one] { $count } nouveau commentaire
        [many] { $count } de nouveaux commentaires
       *[other] { $count } nouveaux commentaires
    }
comment-removed = Ce commentaire a été supprimé.
comment-author-unnamed = Anonyme
badge-author = Auteur
reply = Répondre
# Follows "Reply" for screen readers.
reply-to = à { $author }
write-comment = Écrire un commentaire
in-reply-to = En réponse à { $author }
cancel = Annuler
comment-name = Nom
optional = (facultatif)
comment-body = Commentaire
comment-hint = Texte brut ou Markdown simple : { $emphasis }, { $code }, listes, liens.
comment-hint-emphasis = emphase
comment-hint-code = code
leave-empty = Laisser ce champ vide
send = Envoyer
comment-published = Merci. Votre commentaire est publié.
comment-pending = Merci. Votre commentaire apparaîtra une fois approuvé.
error-offline = Le serveur est injoignable. Veuillez réessayer.
error-server = L’opération a échoué. Veuillez réessayer plus tard.
error-too-many = Trop de demandes à la fois. Veuillez réessayer plus tard.
error-forbidden = Ce n’est pas autorisé ici.
error-body = Le commentaire est vide, dépasse { $max } caractères ou contient des caractères non autorisés.
error-author = Le nom dépasse { $max } caractères ou contient des caractères non autorisés.
error-parent = Il n’est pas possible de répondre à ce commentaire.
error-again = Veuillez l’envoyer à nouveau.

## Other pages

not-found = Page introuvable
not-found-detail = Il n’y a pas de page à cette adresse.
home-page = Page d’accueil
unavailable = Service indisponible
unavailable-detail = La base de données de ce blog ne répond pas. Veuillez réessayer dans quelques secondes.
forbidden = Accès refusé
invalid-form = Le formulaire n’est pas valide

## Signing in

sign-in = Se connecter
sign-out = Se déconnecter
token = Jeton
token-hint = La valeur de { $setting } sur le serveur.
reports-token = J’ai un jeton pour les rapports
signed-in-already = Déjà connecté ?
continue = Continuer
wrong-token = Le jeton est incorrect.
too-many-tokens = Trop de jetons incorrects. Le bon est toujours accepté.
incomplete-form = Le formulaire est incomplet. Veuillez l’envoyer à nouveau.
session-ended = Votre session est terminée. Veuillez vous reconnecter.
other-site = Le formulaire a été envoyé depuis un autre site.
invalid-verdict = La décision doit être { $shown } ou { $removed }.

## Moderation

comments = Commentaires
comment-filter = Quels commentaires
comments-all = Tous
comments-pending = En attente
dashboard = Tableau de bord
no-comments = Il n’y a pas de commentaires.
older-comments = Commentaires plus anciens
hidden-posts = Brouillons et articles programmés
posts-with-errors = Articles impossibles à afficher
last-good-version = La dernière version correcte est affichée
more-errors = { $count } de plus. { $command } les affiche toutes.
comment-on = sur { $post }
state-shown = Visible
state-removed = Supprimé
state-pending = En attente
state-reply = Réponse
restore = Rétablir
approve = Approuver
remove = Supprimer

## Cluster

cluster = Cluster
admin-pages = Pages d’administration
web-nodes = Nœuds web
accumulators = Accumulateurs
problems = Problèmes
node = Nœud
viewers = Lecteurs
counted = Comptés
unread = Non lus
pending = En attente
lost = Perdus
last-heartbeat = Dernier signe de vie
round-trip = Aller-retour vers Redis
clock-offset = Décalage de l’horloge
started = Démarré
just-now = à l’instant
seconds-ago =
    { $count ->
        [one] il y a { $count } s
        [many] il y a { $count } s
       *[other] il y a { $count } s
    }
unknown = inconnu
clock-in-sync = synchronisée
clock-ahead = { $offset } d’avance
clock-behind = { $offset } de retard
only-this-process = Seul ce processus est affiché, car HORIZON_BUS n’est pas dans Redis.
redis-unreachable = Redis est injoignable, seul ce processus est donc affiché.
# A time in UTC.
time-utc = { $time } UTC
