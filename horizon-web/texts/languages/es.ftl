# Los textos de la interfaz en español, en la sintaxis de Fluent: https://projectfluent.org

## Every page

skip-to-content = Saltar al contenido
nav-site = Sitio
nav-blog = Blog
theme = Tema
theme-system = Tema: sistema
theme-light = Tema: claro
theme-dark = Tema: oscuro
footer-privacy = Sin cookies hasta que des un «me gusta» o comentes, sin peticiones a terceros.
numbers = Cifras
tags = Etiquetas

## Numbers: the unit follows the number

unit-reading-now =
    { $count ->
        [one] leyendo ahora
        [many] leyendo ahora
       *[other] leyendo ahora
    }
unit-on-site =
    { $count ->
        [one] en el sitio ahora
        [many] en el sitio ahora
       *[other] en el sitio ahora
    }
unit-visits =
    { $count ->
        [one] visita
        [many] de visitas
       *[other] visitas
    }
unit-views =
    { $count ->
        [one] vista
        [many] de vistas
       *[other] vistas
    }
unit-likes =
    { $count ->
        [one] me gusta
        [many] de me gusta
       *[other] me gusta
    }
unit-comments =
    { $count ->
        [one] comentario
        [many] de comentarios
       *[other] comentarios
    }

## Lists

latest-posts = Últimas entradas
all-posts = Todas las entradas
all-posts-of = Todas las entradas de { $site }.
posts = Entradas
posts-about = Las entradas de { $site } sobre { $tag }.
posts-found =
    { $count ->
        [one] { $count } entrada encontrada.
        [many] { $count } de entradas encontradas.
       *[other] { $count } entradas encontradas.
    }
posts-count =
    { $count ->
        [one] { $count } entrada
        [many] { $count } de entradas
       *[other] { $count } entradas
    }
no-posts-yet = Todavía no hay entradas.
no-posts-found = No se encontró ninguna entrada. Prueba con otras palabras u otra etiqueta.
no-posts-with-tag = No hay entradas con esta etiqueta.
tag = Etiqueta
tag-all = Todas
all-tags = Todas las etiquetas
search-label = Búsqueda
search-button = Buscar
search-results = Resultados de la búsqueda
search-not-ready = La búsqueda se está preparando. Inténtalo de nuevo en un momento.
archive = Archivo
archive-of = Todas las entradas de { $site } por año.
archive-year = Entradas de { $year }
series = Serie
series-all = Todas las series
series-of = Las series de { $site }.
series-part = Parte { $part } de { $count }
pages = Páginas
page-number = Página { $page }
page-of = Página { $page } de { $count }
previous-page = Página anterior
next-page = Página siguiente

## Posts

reading-minutes =
    { $count ->
        [one] { $count } min de lectura
        [many] { $count } min de lectura
       *[other] { $count } min de lectura
    }
updated-on = Actualizado el { $date }
contents = Contenido
like = Me gusta
older = Anterior
newer = Siguiente
previous = Anterior
next = Siguiente
other-posts = Otras entradas
translations = Traducciones
draft = Borrador
scheduled = Programada
copy-code = Copiar
code-copied = Copiado
code-copy-failed = No se pudo copiar
section-link = Enlace a esta sección: { $heading }
table-number = Tabla { $number }
task-done = Hecho
task-open = Pendiente
details = Detalles
alert-note = Nota
alert-tip = Consejo
alert-important = Importante
alert-warning = Advertencia
alert-caution = Precaución
footnotes = Notas
footnote-back = Volver a la referencia { $number }

## Comments

comments-unavailable = Los comentarios no se pueden mostrar en este momento.
newest-comments = Comentarios más recientes
earlier-comments = Comentarios anteriores
more-replies = Más respuestas
new-comments =
    { $count ->
        [one] { $count } comentario nuevo
        [many] { $count } de comentarios nuevos
       *[other] { $count } comentarios nuevos
    }
comment-removed = Este comentario se eliminó.
comment-author-unnamed = Anónimo
badge-author = Autor
reply = Responder
# Follows "Reply" for screen readers.
reply-to = a { $author }
write-comment = Escribe un comentario
in-reply-to = En respuesta a { $author }
cancel = Cancelar
comment-name = Nombre
optional = (opcional)
comment-body = Comentario
comment-hint = Texto sin formato o Markdown sencillo: { $emphasis }, { $code }, listas, enlaces.
comment-hint-emphasis = énfasis
comment-hint-code = código
leave-empty = Deja este campo vacío
send = Enviar
comment-published = Gracias. Tu comentario está publicado.
comment-pending = Gracias. Tu comentario aparecerá cuando se apruebe.
error-offline = No se pudo contactar con el servidor. Inténtalo de nuevo.
error-server = No se pudo completar la operación. Inténtalo de nuevo más tarde.
error-too-many = Demasiadas solicitudes a la vez. Inténtalo de nuevo más tarde.
error-forbidden = Esto no está permitido aquí.
error-body = El comentario está vacío, supera los { $max } caracteres o contiene caracteres no permitidos.
error-author = El nombre supera los { $max } caracteres o contiene caracteres no permitidos.
error-parent = No se puede responder a este comentario.
error-again = Envíalo de nuevo, por favor.

## Other pages

not-found = Página no encontrada
not-found-detail = No hay ninguna página en esta dirección.
home-page = Página de inicio
unavailable = Servicio no disponible
unavailable-detail = La base de datos de este blog no responde. Inténtalo de nuevo en unos segundos.
forbidden = Acceso denegado
invalid-form = El formulario no es válido

## Signing in

sign-in = Iniciar sesión
sign-out = Cerrar sesión
token = Token
token-hint = El valor de { $setting } en el servidor.
reports-token = Tengo un token para los informes
signed-in-already = ¿Ya has iniciado sesión?
continue = Continuar
wrong-token = El token es incorrecto.
too-many-tokens = Demasiados tokens incorrectos. El correcto se sigue aceptando.
incomplete-form = El formulario está incompleto. Envíalo de nuevo.
session-ended = Tu sesión ha terminado. Inicia sesión de nuevo.
other-site = El formulario se envió desde otro sitio.
invalid-verdict = La decisión debe ser { $shown } o { $removed }.

## Moderation

comments = Comentarios
comment-filter = Qué comentarios
comments-all = Todos
comments-pending = Pendientes
dashboard = Panel
no-comments = No hay comentarios.
older-comments = Comentarios más antiguos
hidden-posts = Borradores y entradas programadas
posts-with-errors = Entradas que no se pueden mostrar
last-good-version = Se muestra la última versión correcta
more-errors = { $count } más. { $command } las muestra todas.
comment-on = en { $post }
state-shown = Visible
state-removed = Eliminado
state-pending = Pendiente
state-reply = Respuesta
restore = Restaurar
approve = Aprobar
remove = Eliminar

## Cluster

cluster = Clúster
admin-pages = Páginas de administración
web-nodes = Nodos web
accumulators = Acumuladores
problems = Problemas
node = Nodo
viewers = Lectores
counted = Contados
unread = Sin leer
pending = Pendientes
lost = Perdidos
last-heartbeat = Última señal
round-trip = Ida y vuelta a Redis
clock-offset = Desfase del reloj
started = Iniciado
just-now = ahora mismo
seconds-ago =
    { $count ->
        [one] hace { $count } s
        [many] hace { $count } s
       *[other] hace { $count } s
    }
unknown = desconocido
clock-in-sync = sincronizado
clock-ahead = { $offset } adelantado
clock-behind = { $offset } atrasado
only-this-process = Solo se muestra este proceso, porque HORIZON_BUS no está en Redis.
redis-unreachable = No se puede contactar con Redis, así que solo se muestra este proceso.
# A time in UTC.
time-utc = { $time } UTC
