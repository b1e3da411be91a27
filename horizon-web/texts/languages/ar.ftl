# نصوص الواجهة بالعربية، بصيغة Fluent: https://projectfluent.org

## Every page

skip-to-content = تخطَّ إلى المحتوى
nav-site = الموقع
nav-blog = المدونة
theme = المظهر
theme-system = المظهر: حسب النظام
theme-light = المظهر: فاتح
theme-dark = المظهر: داكن
footer-privacy = لا ملفات تعريف ارتباط ما لم تُعجب أو تعلّق، ولا طلبات إلى أي جهة أخرى.
numbers = أرقام
tags = الوسوم

## Numbers: the unit follows the number

unit-reading-now =
    { $count ->
        [zero] قارئ الآن
        [one] قارئ الآن
        [two] قارئان الآن
        [few] قرّاء الآن
        [many] قارئًا الآن
       *[other] قارئ الآن
    }
unit-on-site =
    { $count ->
        [zero] زائر في الموقع الآن
        [one] زائر في الموقع الآن
        [two] زائران في الموقع الآن
        [few] زوّار في الموقع الآن
        [many] زائرًا في الموقع الآن
       *[other] زائر في الموقع الآن
    }
unit-visits =
    { $count ->
        [zero] زيارة
        [one] زيارة
        [two] زيارتان
        [few] زيارات
        [many] زيارة
       *[other] زيارة
    }
unit-views =
    { $count ->
        [zero] مشاهدة
        [one] مشاهدة
        [two] مشاهدتان
        [few] مشاهدات
        [many] مشاهدة
       *[other] مشاهدة
    }
unit-likes =
    { $count ->
        [zero] إعجاب
        [one] إعجاب
        [two] إعجابان
        [few] إعجابات
        [many] إعجابًا
       *[other] إعجاب
    }
unit-comments =
    { $count ->
        [zero] تعليق
        [one] تعليق
        [two] تعليقان
        [few] تعليقات
        [many] تعليقًا
       *[other] تعليق
    }

## Lists

latest-posts = أحدث المقالات
all-posts = كل المقالات
all-posts-of = كل مقالات { $site }.
posts = المقالات
posts-about = مقالات { $site } عن { $tag }.
posts-found =
    { $count ->
        [zero] لم يُعثر على أي مقالة.
        [one] عُثر على مقالة واحدة.
        [two] عُثر على مقالتين.
        [few] عُثر على { $count } مقالات.
        [many] عُثر على { $count } مقالة.
       *[other] عُثر على { $count } مقالة.
    }
posts-count =
    { $count ->
        [zero] لا مقالات
        [one] مقالة واحدة
        [two] مقالتان
        [few] { $count } مقالات
        [many] { $count } مقالة
       *[other] { $count } مقالة
    }
no-posts-yet = لا توجد مقالات بعد.
no-posts-found = لم يُعثر على أي مقالة. جرّب كلمات أخرى أو وسمًا آخر.
no-posts-with-tag = لا توجد مقالات بهذا الوسم.
tag = وسم
tag-all = الكل
all-tags = كل الوسوم
search-label = البحث
search-button = بحث
search-results = نتائج البحث
search-not-ready = يجري تجهيز البحث. يُرجى المحاولة بعد لحظات.
archive = الأرشيف
archive-of = كل مقالات { $site } حسب السنة.
archive-year = مقالات سنة { $year }
series = سلسلة
series-all = كل السلاسل
series-of = سلاسل { $site }.
series-part = الجزء { $part } من { $count }
pages = الصفحات
page-number = الصفحة { $page }
page-of = الصفحة { $page } من { $count }
previous-page = الصفحة السابقة
next-page = الصفحة التالية

## Posts

reading-minutes =
    { $count ->
        [zero] أقل من دقيقة للقراءة
        [one] دقيقة واحدة للقراءة
        [two] دقيقتان للقراءة
        [few] { $count } دقائق للقراءة
        [many] { $count } دقيقة للقراءة
       *[other] { $count } دقيقة للقراءة
    }
updated-on = حُدِّثت في { $date }
contents = المحتويات
like = أعجبني
older = الأقدم
newer = الأحدث
previous = السابق
next = التالي
other-posts = مقالات أخرى
translations = الترجمات
draft = مسودة
scheduled = مجدولة
copy-code = نسخ
code-copied = تم النسخ
code-copy-failed = تعذّر النسخ
section-link = رابط هذا القسم: { $heading }
table-number = الجدول { $number }
task-done = منجزة
task-open = غير منجزة
details = التفاصيل
alert-note = ملاحظة
alert-tip = نصيحة
alert-important = مهم
alert-warning = تحذير
alert-caution = تنبيه
footnotes = الحواشي
footnote-back = العودة إلى المرجع { $number }

## Comments

comments-unavailable = لا يمكن عرض التعليقات الآن.
newest-comments = أحدث التعليقات
earlier-comments = تعليقات سابقة
more-replies = المزيد من الردود
new-comments =
    { $count ->
        [zero] لا تعليقات جديدة
        [one] تعليق جديد واحد
        [two] تعليقان جديدان
        [few] { $count } تعليقات جديدة
        [many] { $count } تعليقًا جديدًا
       *[other] { $count } تعليق جديد
    }
comment-removed = حُذف هذا التعليق.
comment-author-unnamed = مجهول
badge-author = الكاتب
reply = ردّ
# Follows "Reply" for screen readers.
reply-to = على { $author }
write-comment = اكتب تعليقًا
in-reply-to = ردًّا على { $author }
cancel = إلغاء
comment-name = الاسم
optional = (اختياري)
comment-body = التعليق
comment-hint = نص عادي أو Markdown بسيط: { $emphasis } و{ $code } وقوائم وروابط.
comment-hint-emphasis = تشديد
comment-hint-code = شيفرة
leave-empty = اترك هذا الحقل فارغًا
send = إرسال
comment-published = شكرًا لك. نُشر تعليقك.
comment-pending = شكرًا لك. سيظهر تعليقك بعد موافقة المشرف.
error-offline = تعذّر الاتصال بالخادم. يُرجى المحاولة مرة أخرى.
error-server = تعذّر تنفيذ ذلك. يُرجى المحاولة لاحقًا.
error-too-many = طلبات كثيرة دفعة واحدة. يُرجى المحاولة لاحقًا.
error-forbidden = هذا غير مسموح هنا.
error-body = التعليق فارغ أو يزيد على { $max } من المحارف أو يحتوي على محارف غير مسموح بها.
error-author = الاسم يزيد على { $max } من المحارف أو يحتوي على محارف غير مسموح بها.
error-parent = لا يمكن الرد على هذا التعليق.
error-again = يُرجى إرساله مرة أخرى.

## Other pages

not-found = الصفحة غير موجودة
not-found-detail = لا توجد صفحة في هذا العنوان.
home-page = الصفحة الرئيسية
unavailable = الخدمة غير متاحة
unavailable-detail = قاعدة بيانات هذه المدونة لا تستجيب. يُرجى المحاولة بعد بضع ثوانٍ.
forbidden = غير مسموح
invalid-form = النموذج غير صالح

## Signing in

sign-in = تسجيل الدخول
sign-out = تسجيل الخروج
token = الرمز
token-hint = قيمة { $setting } على الخادم.
reports-token = لديّ رمز للتقارير
signed-in-already = سجّلت الدخول من قبل؟
continue = متابعة
wrong-token = الرمز غير صحيح.
too-many-tokens = رموز خاطئة كثيرة. لا يزال الرمز الصحيح مقبولًا.
incomplete-form = النموذج غير مكتمل. أرسله مرة أخرى.
session-ended = انتهت جلستك. سجّل الدخول مرة أخرى.
other-site = أُرسل النموذج من موقع آخر.
invalid-verdict = يجب أن يكون القرار { $shown } أو { $removed }.

## Moderation

comments = التعليقات
comment-filter = أي التعليقات
comments-all = الكل
comments-pending = قيد الانتظار
dashboard = لوحة المعلومات
no-comments = لا توجد تعليقات.
older-comments = تعليقات أقدم
hidden-posts = المسودات والمقالات المجدولة
posts-with-errors = مقالات لا يمكن عرضها
last-good-version = تُعرض آخر نسخة سليمة
more-errors = و{ $count } أخرى. يعرضها الأمر { $command } كلها.
comment-on = على { $post }
state-shown = منشور
state-removed = محذوف
state-pending = قيد الانتظار
state-reply = ردّ
restore = استعادة
approve = موافقة
remove = حذف

## Cluster

cluster = العنقود
admin-pages = صفحات الإدارة
web-nodes = عُقد الويب
accumulators = المُجمِّعات
problems = المشكلات
node = العقدة
viewers = القرّاء
counted = معدودة
unread = غير مقروءة
pending = معلّقة
lost = مفقودة
last-heartbeat = آخر نبضة
round-trip = زمن الذهاب والإياب إلى Redis
clock-offset = انحراف الساعة
started = بدأت
just-now = الآن
seconds-ago =
    { $count ->
        [zero] الآن
        [one] قبل ثانية
        [two] قبل ثانيتين
        [few] قبل { $count } ثوانٍ
        [many] قبل { $count } ثانية
       *[other] قبل { $count } ثانية
    }
unknown = غير معروف
clock-in-sync = متزامنة
clock-ahead = متقدمة { $offset }
clock-behind = متأخرة { $offset }
only-this-process = تُعرض هذه العملية فقط، لأن HORIZON_BUS ليس في Redis.
redis-unreachable = تعذّر الوصول إلى Redis، لذا تُعرض هذه العملية فقط.
# A time in UTC.
time-utc = { $time } بتوقيت UTC
