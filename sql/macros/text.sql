-- Cleaning text that came from web pages, one step a macro. The models compose them; so can you, in any DuckDB shell:
--
--     .read sql/macros/text.sql
--     SELECT html_to_text('<p>Fish &amp; chips<br>from <b>1860</b>');      -- Fish & chips, a new line, from 1860
--     SELECT normalise_url('HTTP://Example.COM:80/a/../b?y=2&x=1#top');    -- http://example.com/b?x=1&y=2
--
-- Rules that all of them keep: NULL in, NULL out; the same text in, the same text out; no macro reads a table or file.
-- A removed piece leaves a space, so that its neighbours do not become one word, and whitespace is tidied at the end.
-- Regular expressions are RE2: linear in the length of the text whatever a page holds, but without look-around. Where
-- a rule depends on what stands around a match, the expression also matches what stays, captures it and puts it back.


-- ---------------------------------------------------------------------------------------------------- whitespace

-- One space where there was a run of whitespace of any kind (no-break and Unicode spaces too), one line break where the
-- run held any, none at either end.
CREATE MACRO tidy_whitespace(text) AS
    trim(
        regexp_replace(
            regexp_replace(text, '[\s\x0B\x{85}\p{Z}]*\n[\s\x0B\x{85}\p{Z}]*', E'\n', 'g'),
            '[\t\x0B\f\r\x{85}\p{Z}]+', ' ', 'g'
        ),
        E' \n'
    );


-- ------------------------------------------------------------------------------------------------- HTML to text

-- Takes out what a browser never shows: comments, scripts, style sheets, the doctype and processing instructions.
-- One expression finds these and ordinary tags alike, whichever starts first, and puts the tags back; so a comment
-- in a script, a tag in a comment, or "<!--" and ">" in an attribute's value are what a browser takes them for. What
-- is never closed ends with the page.
CREATE MACRO remove_invisible(html) AS
    regexp_replace(
        html,
        '(?is)'
        || '<!--(?:-?>|.*?(?:--!?>|\z))'                                                        -- A comment.
        || '|<script(?:[\s/](?:=\s*"[^"]*"|=\s*''[^'']*''|[^>])*)?>.*?(?:</script[^>]*>|\z)'
        || '|<style(?:[\s/](?:=\s*"[^"]*"|=\s*''[^'']*''|[^>])*)?>.*?(?:</style[^>]*>|\z)'
        || '|<[!?][^>]*>'                                                                     -- <!DOCTYPE …>, <?xml …?>
        || '|(</?[a-z](?:=\s*"[^"]*"|=\s*''[^'']*''|[^>])*>)',                                  -- A tag, kept.
        '\1', 'g'
    );

-- Takes out tags, and what remove_invisible takes out. A tag that starts a new line or cell on the screen becomes a
-- line break, any other vanishes: <p>one<p>two are two words, <b>o</b>ne is one. A "<" that starts no tag stays, as
-- in a < b. Between the steps a tag's name stands between U+FDD0 and U+FDD1, which Unicode keeps for such internal use.
CREATE MACRO remove_tags(html) AS
    regexp_replace(
        regexp_replace(
            regexp_replace(
                translate(remove_invisible(html), chr(64976) || chr(64977), ''),
                '(?i)</?([a-z][^\s/>]*)(?:=\s*"[^"]*"|=\s*''[^'']*''|[^>])*>',
                chr(64976) || '\1' || chr(64977), 'g'
            ),
            '(?i)\x{FDD0}(?:address|article|aside|blockquote|body|br|button|caption|center|dd|details|dialog|dir|div'
            || '|dl|dt|fieldset|figcaption|figure|footer|form|frameset|h[1-6]|head|header|hgroup|hr|html|iframe'
            || '|legend|li|main|menu|nav|noscript|ol|optgroup|option|p|pre|search|section|select|summary|table'
            || '|tbody|td|template|textarea|tfoot|th|thead|title|tr|ul)\x{FDD1}',
            E'\n', 'g'
        ),
        '\x{FDD0}[^\x{FDD1}]*\x{FDD1}', '', 'g'
    );

-- The code points of named entities: the 253 of XHTML 1, and the upper-case forms that browsers know as well. HTML 5
-- has 2,125 names; the other ones (&NotGreaterTilde;) hardly occur outside of the standard, and stay as they are.
CREATE MACRO named_entities() AS MAP {
    -- What markup itself needs.
    'nbsp': 160, 'amp': 38, 'lt': 60, 'gt': 62, 'quot': 34, 'apos': 39, 'AMP': 38, 'LT': 60, 'GT': 62, 'QUOT': 34,
    'COPY': 169, 'REG': 174,
    -- Latin 1.
    'iexcl': 161, 'cent': 162, 'pound': 163, 'curren': 164, 'yen': 165, 'brvbar': 166, 'sect': 167, 'uml': 168,
    'copy': 169, 'ordf': 170, 'laquo': 171, 'not': 172, 'shy': 173, 'reg': 174, 'macr': 175, 'deg': 176,
    'plusmn': 177, 'sup2': 178, 'sup3': 179, 'acute': 180, 'micro': 181, 'para': 182, 'middot': 183, 'cedil': 184,
    'sup1': 185, 'ordm': 186, 'raquo': 187, 'frac14': 188, 'frac12': 189, 'frac34': 190, 'iquest': 191, 'Agrave': 192,
    'Aacute': 193, 'Acirc': 194, 'Atilde': 195, 'Auml': 196, 'Aring': 197, 'AElig': 198, 'Ccedil': 199, 'Egrave': 200,
    'Eacute': 201, 'Ecirc': 202, 'Euml': 203, 'Igrave': 204, 'Iacute': 205, 'Icirc': 206, 'Iuml': 207, 'ETH': 208,
    'Ntilde': 209, 'Ograve': 210, 'Oacute': 211, 'Ocirc': 212, 'Otilde': 213, 'Ouml': 214, 'times': 215,
    'Oslash': 216, 'Ugrave': 217, 'Uacute': 218, 'Ucirc': 219, 'Uuml': 220, 'Yacute': 221, 'THORN': 222, 'szlig': 223,
    'agrave': 224, 'aacute': 225, 'acirc': 226, 'atilde': 227, 'auml': 228, 'aring': 229, 'aelig': 230, 'ccedil': 231,
    'egrave': 232, 'eacute': 233, 'ecirc': 234, 'euml': 235, 'igrave': 236, 'iacute': 237, 'icirc': 238, 'iuml': 239,
    'eth': 240, 'ntilde': 241, 'ograve': 242, 'oacute': 243, 'ocirc': 244, 'otilde': 245, 'ouml': 246, 'divide': 247,
    'oslash': 248, 'ugrave': 249, 'uacute': 250, 'ucirc': 251, 'uuml': 252, 'yacute': 253, 'thorn': 254, 'yuml': 255,
    -- Further letters, Greek, typography, arrows, mathematics.
    'OElig': 338, 'oelig': 339, 'Scaron': 352, 'scaron': 353, 'Yuml': 376, 'fnof': 402, 'circ': 710, 'tilde': 732,
    'Alpha': 913, 'Beta': 914, 'Gamma': 915, 'Delta': 916, 'Epsilon': 917, 'Zeta': 918, 'Eta': 919, 'Theta': 920,
    'Iota': 921, 'Kappa': 922, 'Lambda': 923, 'Mu': 924, 'Nu': 925, 'Xi': 926, 'Omicron': 927, 'Pi': 928, 'Rho': 929,
    'Sigma': 931, 'Tau': 932, 'Upsilon': 933, 'Phi': 934, 'Chi': 935, 'Psi': 936, 'Omega': 937, 'alpha': 945,
    'beta': 946, 'gamma': 947, 'delta': 948, 'epsilon': 949, 'zeta': 950, 'eta': 951, 'theta': 952, 'iota': 953,
    'kappa': 954, 'lambda': 955, 'mu': 956, 'nu': 957, 'xi': 958, 'omicron': 959, 'pi': 960, 'rho': 961,
    'sigmaf': 962, 'sigma': 963, 'tau': 964, 'upsilon': 965, 'phi': 966, 'chi': 967, 'psi': 968, 'omega': 969,
    'thetasym': 977, 'upsih': 978, 'piv': 982, 'ensp': 8194, 'emsp': 8195, 'thinsp': 8201, 'zwnj': 8204, 'zwj': 8205,
    'lrm': 8206, 'rlm': 8207, 'ndash': 8211, 'mdash': 8212, 'lsquo': 8216, 'rsquo': 8217, 'sbquo': 8218,
    'ldquo': 8220, 'rdquo': 8221, 'bdquo': 8222, 'dagger': 8224, 'Dagger': 8225, 'bull': 8226, 'hellip': 8230,
    'permil': 8240, 'prime': 8242, 'Prime': 8243, 'lsaquo': 8249, 'rsaquo': 8250, 'oline': 8254, 'frasl': 8260,
    'euro': 8364, 'image': 8465, 'weierp': 8472, 'real': 8476, 'trade': 8482, 'alefsym': 8501, 'larr': 8592,
    'uarr': 8593, 'rarr': 8594, 'darr': 8595, 'harr': 8596, 'crarr': 8629, 'lArr': 8656, 'uArr': 8657, 'rArr': 8658,
    'dArr': 8659, 'hArr': 8660, 'forall': 8704, 'part': 8706, 'exist': 8707, 'empty': 8709, 'nabla': 8711,
    'isin': 8712, 'notin': 8713, 'ni': 8715, 'prod': 8719, 'sum': 8721, 'minus': 8722, 'lowast': 8727, 'radic': 8730,
    'prop': 8733, 'infin': 8734, 'ang': 8736, 'and': 8743, 'or': 8744, 'cap': 8745, 'cup': 8746, 'int': 8747,
    'there4': 8756, 'sim': 8764, 'cong': 8773, 'asymp': 8776, 'ne': 8800, 'equiv': 8801, 'le': 8804, 'ge': 8805,
    'sub': 8834, 'sup': 8835, 'nsub': 8836, 'sube': 8838, 'supe': 8839, 'oplus': 8853, 'otimes': 8855, 'perp': 8869,
    'sdot': 8901, 'lceil': 8968, 'rceil': 8969, 'lfloor': 8970, 'rfloor': 8971, 'lang': 10216, 'rang': 10217,
    'loz': 9674, 'spades': 9824, 'clubs': 9827, 'hearts': 9829, 'diams': 9830
};

-- The character with this code point, as HTML reads a number.
CREATE MACRO character_of(code_point) AS
    CASE
        WHEN code_point BETWEEN 128 AND 159 THEN
            coalesce(
                nullif(substr('€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ', CAST(code_point - 127 AS BIGINT), 1), ' '),
                chr(CAST(code_point AS INTEGER))
            )
        WHEN code_point BETWEEN 1 AND 55295 OR code_point BETWEEN 57344 AND 1114111
            THEN chr(CAST(code_point AS INTEGER))
        ELSE chr(65533)
    END;

-- The character that one entity stands for (&eacute; or &#233; or &#xE9;), NULL where it is none.
-- As browsers do: 128 to 159 mean Windows-1252, and what is no character at all becomes U+FFFD. A number may lack its
-- semicolon. A name may not: in links, &copy=1 is a parameter.
CREATE MACRO decode_entity(entity) AS
    CASE
        WHEN entity IS NULL OR left(entity, 1) <> '&' THEN NULL
        WHEN regexp_full_match(entity, '&#(?:[0-9]+|[xX][0-9A-Fa-f]+);?')
            THEN character_of(try_cast(replace(lower(trim(entity, '&#;')), 'x', '0x') AS BIGINT))
        ELSE chr(named_entities()[regexp_extract(entity, '^&([A-Za-z][A-Za-z0-9]*);$', 1)])
    END;

-- Decodes every entity once, from left to right: &amp;lt; becomes &lt;, the text that its author wrote.
CREATE MACRO decode_entities(text) AS
    array_to_string(
        list_transform(
            regexp_extract_all(text, '&(?:#[0-9]+;?|#[xX][0-9A-Fa-f]+;?|[A-Za-z][A-Za-z0-9]*;)|[^&]+|&'),
            lambda piece: coalesce(decode_entity(piece), piece)
        ),
        ''
    );

-- The text that a reader of the page sees: no tags, entities decoded, a line for each block.
CREATE MACRO html_to_text(html) AS
    tidy_whitespace(decode_entities(remove_tags(html)));

-- The text of the page's first <title>.
CREATE MACRO html_title(html) AS
    CASE
        WHEN html IS NOT NULL
            THEN html_to_text(regexp_extract(remove_invisible(html), '(?is)<title(?:\s[^>]*)?>(.*?)</title', 1))
    END;

-- The value of a tag's href, quoted in any way, with its entities decoded; NULL where it has none. What stands
-- before the href is matched attribute by attribute, so that a title="href=…" is not taken for one.
CREATE MACRO html_href(tag) AS
    list_transform(
        [regexp_extract(
            tag,
            '(?i)^<[a-z]+(?:\s+[^\s=>"'']+(?:\s*=\s*(?:"[^"]*"|''[^'']*''|[^\s"''>]+))?)*?'
            || '\s+href\s*=\s*("[^"]*"|''[^'']*''|[^\s"''>]+)',
            1
        )],
        lambda value: CASE
            WHEN left(value, 1) IN ('"', '''')
                THEN trim(decode_entities(substr(value, 2, length(value) - 2)), E' \t\r\n')
            WHEN value <> '' THEN decode_entities(value)
        END
    )[1];

-- Every <a href=…> of the page in order, as a list of structs: href, and the text of the link on one line.
CREATE MACRO html_links(html) AS
    list_filter(
        list_transform(
            regexp_extract_all(
                remove_invisible(html),
                '(?is)<a\s(?:=\s*"[^"]*"|=\s*''[^'']*''|[^>])*>.*?(?:</a\s*>|\z)'
            ),
            lambda link: {'href': html_href(link), 'text': replace(html_to_text(link), E'\n', ' ')}
        ),
        lambda link: link.href IS NOT NULL
    );


-- ------------------------------------------------------------------------------------------- kinds of characters

-- Takes out what has no glyph: control characters except tabs and line breaks, soft hyphens, byte order marks,
-- zero-width and bidirectional marks, private use, noncharacters. They leave nothing behind, for they stand inside
-- words. The joiners inside emojis are among them: remove_emojis comes first.
CREATE MACRO remove_non_printable(text) AS
    regexp_replace(text, '[^\P{C}\t\n\r]+|[\x{FDD0}-\x{FDEF}\x{FFFE}\x{FFFF}]+', '', 'g');

-- One emoji: a character that is one by itself, or a symbol made one by U+FE0F or a skin tone.
CREATE MACRO emoji_pattern() AS
    '[\x{1F004}\x{1F0CF}\x{1F18E}\x{1F191}-\x{1F19A}\x{1F201}\x{1F21A}\x{1F22F}\x{1F232}-\x{1F236}'
    || '\x{1F238}-\x{1F23A}\x{1F250}\x{1F251}\x{1F300}-\x{1F64F}\x{1F680}-\x{1F6FF}\x{1F7E0}-\x{1F7EB}\x{1F7F0}'
    || '\x{1F90C}-\x{1F9FF}\x{1FA70}-\x{1FAFF}\x{231A}\x{231B}\x{23E9}-\x{23EC}\x{23F0}\x{23F3}\x{25FD}\x{25FE}'
    || '\x{2614}\x{2615}\x{2648}-\x{2653}\x{267F}\x{2693}\x{26A1}\x{26AA}\x{26AB}\x{26BD}\x{26BE}\x{26C4}\x{26C5}'
    || '\x{26CE}\x{26D4}\x{26EA}\x{26F2}\x{26F3}\x{26F5}\x{26FA}\x{26FD}\x{2705}\x{270A}\x{270B}\x{2728}\x{274C}'
    || '\x{274E}\x{2753}-\x{2755}\x{2757}\x{2795}-\x{2797}\x{27B0}\x{27BF}\x{2B1B}\x{2B1C}\x{2B50}\x{2B55}]'
    || '\x{FE0F}?[\x{1F3FB}-\x{1F3FF}]?'
    || '|[\x{A9}\x{AE}\x{203C}\x{2049}\x{2100}-\x{2BFF}\x{3030}\x{303D}\x{3297}\x{3299}\x{1F100}-\x{1F2FF}]'
    || '(?:\x{FE0F}[\x{1F3FB}-\x{1F3FF}]?|[\x{1F3FB}-\x{1F3FF}])';

-- Takes out emojis as people count them, each sequence whole: 👍🏽 with its skin tone, 👩‍💻 and 🏳️‍🌈 with their
-- joiners, the flags 🇫🇷 and 🏴󠁧󠁢󠁳󠁣󠁴󠁿, 1️⃣ as a key. Characters that are text until told otherwise (© ™ ☎ ❤) are
-- emojis where U+FE0F, a skin tone or a joiner says so. The ranges are Unicode 15's, with room for what later
-- versions add to the same blocks.
CREATE MACRO remove_emojis(text) AS
    tidy_whitespace(
        regexp_replace(
            text,
            '[0-9#*]\x{FE0F}?\x{20E3}'                                                          -- A key.
            || '|[\x{1F1E6}-\x{1F1FF}]{1,2}'                                                    -- A country's flag.
            || '|\x{1F3F4}[\x{E0020}-\x{E007E}]+\x{E007F}'                                      -- A region's flag.
            || '|(?:' || emoji_pattern() || ')'                                               -- One, or several joined.
            || '(?:\x{200D}(?:' || emoji_pattern() || '|[\x{2190}-\x{2BFF}]))*',
            ' ', 'g'
        )
    );

-- Takes out punctuation of every script: commas, dashes, quotation marks, brackets, underscores. An apostrophe inside a
-- word vanishes (don't becomes dont), anything else leaves a space (well-known becomes two words).
CREATE MACRO remove_punctuation(text) AS
    tidy_whitespace(
        regexp_replace(
            regexp_replace(text, '([\p{L}\p{M}\p{N}])[''’]([\p{L}\p{M}])', '\1\2', 'g'),
            '\p{P}+', ' ', 'g'
        )
    );

-- Takes out numbers that stand for themselves: 7, -3.14, 1,000, 6e-23, 0xFF, ½, ٣, ⅷ. Digits in a word stay: utf8,
-- utf-8, h2o, 3rd. What joins numbers or follows one (12:30, 50 %) is punctuation.
CREATE MACRO remove_numbers(text) AS
    tidy_whitespace(
        regexp_replace(
            text,
            '[+−-]?\b0[xX][0-9A-Fa-f]+\b'                                        -- Hexadecimal.
            || '|[+−-]?\b[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]+\b'                   -- With an exponent.
            || '|(\p{N}+[\p{L}\p{M}_](?:-?[\p{L}\p{M}\p{N}_])*'                  -- A word with digits, kept.
            || '|[\p{L}\p{M}_](?:-?[\p{L}\p{M}\p{N}_])*?-?\p{N}(?:-?[\p{L}\p{M}\p{N}_])*)'
            || '|[+−-]?\p{N}+(?:[.,\x{A0}\x{202F}]\p{N}+)*',
            '\1', 'g'
        )
    );

-- Takes out what is neither letter, mark, number, punctuation nor space: currency, mathematics, arrows, box drawing,
-- ASCII's $+<=>^`|~, and with them the emojis that are single characters.
CREATE MACRO remove_special_characters(text) AS
    tidy_whitespace(regexp_replace(text, '[\p{S}\p{Co}\x{FE0F}\x{20E3}]+', ' ', 'g'));

-- Typographic characters as ASCII writes them, accents dropped: “naïve” – café… becomes "naive" - cafe... What ASCII
-- has no way to write stays as it is.
CREATE MACRO fold_to_ascii(text) AS
    translate(
        regexp_replace(
            regexp_replace(
                replace(replace(replace(replace(strip_accents(text), '…', '...'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'),
                '[‘’‚‛′]', '''', 'g'
            ),
            '[\x{A0}\x{2000}-\x{200A}\x{202F}\x{3000}]', ' ', 'g'
        ),
        '“”„‟″«»‐‑‒–—―−×•·ØøŁłĐđ', '"""""""-------x**OoLlDd'
    );

-- Takes out what is not ASCII. To keep what ASCII can say, fold_to_ascii comes first: without it, naïve is left as
-- na ve.
CREATE MACRO remove_non_ascii(text) AS
    tidy_whitespace(regexp_replace(text, '[^\x00-\x7F]+', ' ', 'g'));


-- ---------------------------------------------------------------------------------------------------------- words

-- The words of a text in order, in lower case: runs of letters, digits and underscores, with apostrophes inside.
CREATE MACRO words(text) AS
    regexp_extract_all(lower(text), '[\p{L}\p{M}\p{N}_]+(?:[''’][\p{L}\p{M}]+)*');

-- Takes out the words of the list (in lower case), in whatever case the text has them; punctuation and layout stay.
-- A word is taken whole: "the" leaves "then", "théorie" and "the's" alone.
CREATE MACRO remove_stop_words(text, stop_words) AS
    CASE
        WHEN stop_words IS NOT NULL THEN
            tidy_whitespace(
                array_to_string(
                    list_filter(
                        regexp_extract_all(
                            text,
                            '[\p{L}\p{M}\p{N}_]+(?:[''’][\p{L}\p{M}]+)*'    -- A word,
                            || '|[^\p{L}\p{M}\p{N}_]+'                      -- or what is between words.
                        ),
                        lambda piece: NOT list_contains(stop_words, lower(piece))
                    ),
                    ''
                )
            )
    END;

-- Takes out every word with a letter of another script than Latin: 世界, мир, and pyтhon too. This tells scripts
-- apart, not languages: French and English look the same to it. See keep_words for that.
CREATE MACRO remove_other_scripts(text) AS
    tidy_whitespace(
        regexp_replace(text, '[\p{Latin}\p{M}\p{N}_]*[^\P{L}\p{Latin}µ][\p{L}\p{M}\p{N}_]*', ' ', 'g')
    );

-- Keeps the words of the vocabulary (in lower case), one space between them, and nothing else: of a text in several
-- languages, what is in the one that the vocabulary is of. It is as good as the vocabulary: an unknown name, a typo and
-- a foreign word are all the same to it, and "die" survives in a German sentence. silver.known_words is a vocabulary
-- made from the pages themselves. A text's own words are looked up in the vocabulary once, by hash, so that a big one
-- costs little. It is a subquery, which cannot stand inside a lambda.
CREATE MACRO keep_words(text, vocabulary) AS
    CASE
        WHEN text IS NOT NULL AND vocabulary IS NOT NULL THEN
            (
                SELECT array_to_string(list_filter(listed, lambda word: list_contains(known, word)), ' ')
                FROM (SELECT listed, list_intersect(list_distinct(listed), vocabulary) AS known
                      FROM (SELECT words(text) AS listed))
            )
    END;

-- The words that carry grammar rather than meaning in English: articles, pronouns, prepositions, conjunctions,
-- auxiliaries. Without "no", "not" and "nor", which turn a sentence's meaning round.
CREATE MACRO english_stop_words() AS [
    'a', 'about', 'above', 'after', 'again', 'against', 'all', 'also', 'am', 'an', 'and', 'any', 'are', 'as', 'at',
    'be', 'because', 'been', 'before', 'being', 'below', 'between', 'both', 'but', 'by', 'can', 'cannot', 'could',
    'did', 'do', 'does', 'doing', 'down', 'during', 'each', 'either', 'else', 'ever', 'every', 'few', 'for', 'from',
    'further', 'had', 'has', 'have', 'having', 'he', 'her', 'here', 'hers', 'herself', 'him', 'himself', 'his', 'how',
    'however', 'i', 'if', 'in', 'into', 'is', 'it', 'its', 'itself', 'just', 'may', 'me', 'might', 'more', 'most',
    'must', 'my', 'myself', 'of', 'off', 'on', 'once', 'only', 'or', 'other', 'our', 'ours', 'ourselves', 'out',
    'over', 'own', 'same', 'shall', 'she', 'should', 'so', 'some', 'such', 'than', 'that', 'the', 'their', 'theirs',
    'them', 'themselves', 'then', 'there', 'these', 'they', 'this', 'those', 'through', 'to', 'too', 'under', 'until',
    'up', 'upon', 'us', 'very', 'was', 'we', 'were', 'what', 'when', 'where', 'whether', 'which', 'while', 'who',
    'whom', 'whose', 'why', 'will', 'with', 'within', 'would', 'you', 'your', 'yours', 'yourself', 'yourselves'
];


-- ----------------------------------------------------------------------------------------------------------- URLs

-- Percent codes written in one way: %7e and %41, which need none, are ~ and A; the others have upper-case digits;
-- spaces and what is not ASCII get one. A "%" that starts no code stays.
CREATE MACRO normalise_percent(text) AS
    array_to_string(
        list_transform(
            regexp_extract_all(text, '%[0-9A-Fa-f]{2}|%|[!-$&-~]+|[^!-~]+'),
            lambda piece: CASE
                WHEN piece = '%' OR regexp_full_match(piece, '[!-$&-~]+') THEN piece
                WHEN left(piece, 1) <> '%' THEN url_encode(piece)
                WHEN regexp_full_match(piece, '%(?:2[DEde]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])')
                    THEN url_decode(piece)
                ELSE upper(piece)
            END
        ),
        ''
    );

-- A path without "." and "..": /a/./b/../c is /a/c. A relative one keeps the ".." it starts with, and never becomes
-- empty. Resolving takes time that is quadratic in the path, so one of more than 8,000 characters, as much as RFC 9110
-- asks programs to understand, stays as it is.
CREATE MACRO remove_dot_segments(path) AS
    CASE
        WHEN length(path) <= 8000 AND regexp_matches(path, '(?:^|/)\.\.?(?:/|$)') THEN
            coalesce(
                nullif(
                    array_to_string(
                        list_reduce(
                            -- A path that ends in a dot segment names a folder, as one that ends in a slash does.
                            string_split(regexp_replace(path, '((?:^|/)\.\.?)$', '\1/'), '/'),
                            lambda kept, segment: CASE
                                WHEN segment = '.' THEN kept
                                WHEN segment <> '..' OR len(kept) = 0 OR kept[-1] = '..' THEN list_append(kept, segment)
                                WHEN kept = [''] THEN kept
                                ELSE kept[:-2]
                            END,
                            []::VARCHAR[]
                        ),
                        '/'
                    ),
                    ''
                ),
                './'
            )
        ELSE path
    END;

-- A query with its "?", its parameters in the order of their names; the empty string where it has none.
CREATE MACRO sort_query(query) AS
    CASE
        WHEN regexp_matches(query, '[^?&]') THEN
            '?' || array_to_string(
                list_transform(
                    list_sort(
                        list_transform(
                            list_filter(string_split(ltrim(query, '?'), '&'), lambda pair: pair <> ''),
                            lambda pair, place: {'name': split_part(pair, '=', 1), 'place': place, 'pair': pair}
                        )
                    ),
                    lambda parameter: parameter.pair
                ),
                '&'
            )
        WHEN query IS NOT NULL THEN ''
    END;

-- "//user@HOST:port" with the host in lower case, and without a port that is empty or the scheme's own.
CREATE MACRO normalise_authority(authority, scheme) AS
    regexp_extract(authority, '^//(?:.*@)?')
    || regexp_replace(
        lower(regexp_replace(authority, '^//(?:.*@)?', '')),
        CASE scheme
            WHEN 'http' THEN ':(?:0*80)?$'
            WHEN 'ws' THEN ':(?:0*80)?$'
            WHEN 'https' THEN ':(?:0*443)?$'
            WHEN 'wss' THEN ':(?:0*443)?$'
            WHEN 'ftp' THEN ':(?:0*21)?$'
            ELSE ':$'
        END,
        ''
    );

-- One way to write each address, after RFC 3986, section 6: scheme and host in lower case, no default port, no
-- fragment, no "." and ".." in the path, parameters sorted by name (several of one name keep their order), empty
-- ones dropped, percent codes as normalise_percent has them. The user, the path's case and a trailing slash stay,
-- for they can tell pages apart. A relative address stays relative, and "#top", which is the page itself, becomes
-- the empty string. An address without "//" after its scheme (mailto:, javascript:, data:) is not ours to change,
-- except for the scheme's case.
CREATE MACRO normalise_url(url) AS
    list_transform(
        [regexp_extract(
            regexp_replace(trim(url, E' \t\r\n'), '[\t\r\n]+', '', 'g'),
            '^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(//[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$',
            ['scheme', 'authority', 'path', 'query', 'fragment']
        )],
        lambda part: CASE
            WHEN part.scheme <> '' AND part.authority = ''
                THEN lower(part.scheme) || ':' || part.path || part.query || part.fragment
            ELSE
                if(part.scheme = '', '', lower(part.scheme) || ':')
                || normalise_authority(part.authority, lower(part.scheme))
                || if(
                    part.authority <> '' AND part.path = '', '/',
                    remove_dot_segments(normalise_percent(part.path))
                )
                || sort_query(normalise_percent(part.query))
        END
    )[1];
