"""What is looked for: a table. What is refused is the list of `seeds/003` (5.3), and what nobody may have to see.

A rule is about what somebody offers or asks for, not about a subject: an essay on drugs is work, a parcel is not.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from marketplace.screening.folding import Folded, fold
from marketplace.screening.mending import Mender


class Action(StrEnum):
    """What becomes of a text in which a rule finds something."""

    REFUSE = "REFUSE"
    FLAG = "FLAG"


@dataclass(frozen=True)
class Rule:
    """Looks for a pattern, in the folded words unless it is about how things are written.

    A text without any of the `anchors` is not looked at more closely: most of them are not.
    """

    name: str
    action: Action
    pattern: re.Pattern[str]
    anchors: tuple[str, ...]
    as_written: bool = False
    holds: Callable[[re.Match[str]], bool] = field(default=lambda found: True)
    milder: "Rule | None" = None

    def find(self, forms: "Forms") -> "tuple[Rule, str] | None":
        """What it found first, None without; by the milder rule where that is left to it."""
        for text in forms.written if self.as_written else forms.words:
            if not any(anchor in text for anchor in self.anchors):
                continue
            found = (match for match in self.pattern.finditer(text) if not match.groupdict().get("never"))
            first = next((match[0].strip() for match in found if self.holds(match)), None)
            if first is not None:
                return self, first
        return self.milder.find(forms) if self.milder else None


@dataclass(frozen=True)
class Forms:
    """The forms of a text that rules look at: as written, and its words, which are mended if they needed it."""

    written: tuple[str, ...]
    words: tuple[str, ...]


def forms_of(text: str) -> Forms:
    """All forms of the text."""
    folded = Folded(text)
    mended = MENDER.mend(folded)
    words = (folded.words,) if mended == folded.words else (folded.words, mended)
    return Forms((folded.plain.casefold(),), words)


# Words of trade, in the languages of those who have been seen here. Folded like the texts.
WANTED = """
    buy sell selling purchase order ship shipping deliver supply source smuggle import get need want supplier dealer
    forge make produce synthesize cook cheap wholesale hire comprar vender vendo compro conseguir kaufen verkaufen
    verkaufe suche besorgen liefern acheter vendre vends cherche livrer vendo acquistare vendere kopen verkopen satilik
    купить продать продам куплю закажу доставка продаю kup sprzedam kupie 购买 出售 卖 买 代购 販売 購入 売ります
    شراء بيع اشتري
    खरीद बेच खरीदना बेचना 구매 판매 팝니다
"""
SUBJECTS = {
    "illegal": """
        cocaine heroin fentanyl methamphetamine|crystal_meth mdma|ecstasy_pills lsd_tabs ghost_gun|ghost_guns
        unregistered_gun|unregistered_guns|illegal_weapons|untraceable_gun cocaina heroina kokain heroin cocaïne héroïne
        кокаин героин мефедрон закладку 可卡因 海洛因 冰毒 コカイン ヘロイン 覚醒剤
        كوكايين هيروين कोकीन हेरोइन 코카인 헤로인 필로폰
        human_organ|human_organs|a_kidney ivory_tusks hitman|hit_man|contract_killer|sicario|auftragskiller|киллера|杀手
    """,
    "financial_crime": """
        stolen_credit_card|stolen_credit_cards|stolen_cards|cvv_dumps|fullz|cloned_cards|cloned_credit_cards
        counterfeit_money|counterfeit_bills|fake_banknotes|fake_money|dinero_falso|falschgeld|faux_billets|фальшивые_деньги
        假钞 偽札 bank_drops|mule_accounts|money_mules|stolen_bank_accounts tarjetas_robadas|tarjetas_clonadas
        gestohlene_kreditkarten cartes_volées|cartes_bancaires_volées украденные_карты 盗刷
        fake_passport|fake_passports|fake_id|fake_ids|fake_driver_license|fake_drivers_license
        pasaporte_falso|pasaportes_falsos|gefälschter_pass|gefälschte_pässe|faux_passeport|поддельный_паспорт|假护照|偽造パスポート
    """,
    "intellectual_property": """
        cracked_software|pirated_software|pirated_movies|warez|keygen|counterfeit_handbags|counterfeit_watches
        replica_rolex|software_pirata|raubkopien|logiciels_piratés|пиратский_софт|盗版软件
    """,
    "adult": """
        escort_service|escort_services|prostitute|prostitutes|sexual_services|nude_photos_of|porn_video|porn_videos
        servicios_sexuales|prostituierte|проститутку|色情视频|賣淫
    """,
    "pharmaceuticals": """
        oxycodone|oxycontin|xanax|tramadol_without|adderall|percocet|steroids_without_prescription|viagra_without
        medicine_without_prescription|antibiotics_without_prescription|recetas_falsas|ohne_rezept|sans_ordonnance|без_рецепта
        处方药
    """,
    "privacy": """
        stolen_passwords|stolen_credentials|hacked_accounts|hacked_account|leaked_database|leaked_databases
        stolen_identities|social_security_numbers|cuentas_hackeadas|gehackte_konten|comptes_piratés|взломанные_аккаунты|被盗账号
    """,
    "manipulation": """
        fake_reviews|fake_review|fake_followers|bot_followers|reseñas_falsas|gefälschte_bewertungen|fake_bewertungen
        faux_avis|накрутку|фейковые_отзывы|刷单|假评论|やらせレビュー|recensioni_false|avaliações_falsas
    """,
    "gambling": """
        unlicensed_casino|illegal_casino|illegal_betting|rigged_slots|casino_ilegal|illegales_casino|подпольное_казино|地下赌场
    """,
    "malware": """
        ransomware|keylogger_for|botnet|botnets|zero_day_exploit|stealer_logs|ddos_attack_on|phishing_kit|phishing_kits
        фишинг_сайт|勒索软件|木马病毒
    """,
}
# What is refused whoever offers it to whom.
ALWAYS = {
    "child_abuse": """
        child_porn|child_pornography|kiddie_porn|child_sexual_abuse_material|csam_video|csam_videos|pornografia_infantil
        kinderpornografie|kinderpornographie|pédopornographie|детское_порно|детская_порнография|儿童色情|兒童色情|児童ポルノ
        아동_포르노|استغلال_الأطفال_جنسيا
    """,
    "illegal": """
        launder_money|launder_the_money|launder_cash|lavar_dinero|blanquear_dinero|geld_waschen|blanchir_de_l_argent
        отмыть_деньги|отмывание_денег_услуги|洗钱服务|kill_my_wife|kill_my_husband|kill_my_boss|murder_my
    """,
    "privacy": """
        hack_my_ex|hack_into_her|hack_into_his|hack_her_account|hack_his_account|hack_someone_s|hackear_la_cuenta
        das_konto_hacken|взломать_аккаунт|взлом_аккаунта|盗号|doxx_this|find_her_home_address
    """,
    "discrimination": """
        whites_only|white_people_only|no_blacks|no_jews|no_muslims|no_women_apply|solo_blancos|keine_ausländer|только_славяне
        gas_the_jews|kill_all_jews|kill_all_muslims|heil_hitler
    """,
    "self_harm": "kill_yourself|go_kill_yourself|suicidate_ya|bring_dich_um|убей_себя|去死吧",
}


# Who writes about a thing, or defends against it, uses its name and words of trade as well; and what is named so too.
ABOUT = """
    about article articles essay report reports summary overview guide course training history film movie novel story
    book museum labels research literature detect detects detecting detection spot recognise recognize identify prevent
    protect protection against avoid remove removal removing rid fight combat classifier awareness podcast mask redact
    defend defence defense analysis law pharmacy bean beans ssh sobre artículo guía detectar evitar película contra
    historia novela über artikel ratgeber erkennen schutz gegen geschichte apotheke vermeiden contre détecter pharmacie
    éviter reconnaître статья статью статьи против распознать выявить аптеке
    防护 文章 介绍 识别 说明书 防范 检测 記事 歴史 対策
"""
AROUND = 40


def _phrases(text: str) -> list[str]:
    """Folded phrases, the longest first."""
    folded = {fold(word.replace("_", " ")) for word in re.split(r"[\s|]+", text) if word}
    return sorted(folded, key=lambda phrase: (-len(phrase), phrase))


def _one_of(phrases: list[str]) -> str:
    """Whole words where words have spaces between them; anywhere where they have none.

    Letters come first in the alternatives, by which most of them are passed over at once.
    """
    spaced, unspaced = _by_writing(phrases)
    whole = [rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)"] if spaced else []
    return "|".join([*whole, *unspaced])


def _by_writing(phrases: list[str]) -> tuple[list[str], list[str]]:
    """Those of languages with spaces between words, and those of languages without."""
    unspaced = [phrase for phrase in phrases if _is_unspaced(phrase)]
    return [phrase for phrase in phrases if phrase not in unspaced], unspaced


def _is_unspaced(phrase: str) -> bool:
    return any("\u3040" <= letter <= "\u9fff" for letter in phrase)


def _traded(name: str, subjects: str) -> Rule:
    """Somebody offers or asks for it: a word of trade and the thing, in either order, a few words apart.

    What seems to be written about it, or against it, is kept with a flag.
    """
    things = _phrases(subjects)
    pattern = re.compile("|".join(_near_each_other(_phrases(WANTED), things)))
    about = re.compile(_one_of(_phrases(ABOUT)))

    def is_meant(found: re.Match[str]) -> bool:
        return about.search(found.string, max(0, found.start() - AROUND), found.end() + AROUND) is None

    milder = Rule(name, Action.FLAG, pattern, tuple(things))
    return Rule(name, Action.REFUSE, pattern, tuple(things), holds=is_meant, milder=milder)


def _near_each_other(wanted: list[str], things: list[str]) -> list[str]:
    """Patterns for one of each, three or four words apart.

    Where words have spaces between them they are taken whole (`++`), and never looked at from each of their letters: a
    text that is full of them would take minutes.
    """
    (spaced_wanted, other_wanted), (spaced_things, other_things) = _by_writing(wanted), _by_writing(things)
    whole, part = r"(?: \w++){0,3}(?: \w{1,4})? ", r"(?: \w+){0,3} ?\w{0,4} ?"
    pairs = [(spaced_wanted, spaced_things, whole), (wanted, other_things, part), (other_wanted, spaced_things, part)]
    both_ways = [(one, other, gap) for one, other, gap in pairs for one, other in ((one, other), (other, one))]
    return [f"(?:{_one_of(one)}){gap}(?:{_one_of(other)})" for one, other, gap in both_ways if one and other]


def _said(name: str, phrases: str) -> Rule:
    known = _phrases(phrases)
    return Rule(name, Action.REFUSE, re.compile(_one_of(known)), tuple(known))


def _words(name: str, action: Action, pattern: str, anchors: str) -> Rule:
    """A pattern over folded words: `[ ]` stands between words, and l is written as i."""
    compiled = re.compile(pattern.replace("l", "i").replace("\\w", r"\w"))
    return Rule(name, action, compiled, tuple(_phrases(anchors)))


def _written(
    name: str, action: Action, pattern: str, *anchors: str, holds: Callable[[re.Match[str]], bool] | None = None
) -> Rule:
    """A pattern over the text as it was written, in lower case."""
    compiled = re.compile(pattern, re.MULTILINE)
    return Rule(name, action, compiled, anchors, as_written=True, holds=holds or (lambda found: True))


# Words that are in sentences and not in the list of BIP-39, from which seed phrases are made.
_OF_SENTENCES = frozenset(
    {"and", "are", "for", "from", "has", "have", "how", "not", "the", "their", "they", "was", "why"}
)


def _are_seed_words(found: re.Match[str]) -> bool:
    return not _OF_SENTENCES & set(re.findall(r"[a-z]+", found[0]))


_NEVER = r"(?P<never> (?:never|not|don t|dont|nobody|nor|without|anyone who|who asks to|asks you to)(?: \w+){0,4})?"
_SECRETS = (
    "(?:seed phrase|seed words|recovery phrase|mnemonic|private keys?|wallet credentials|api keys?|password)"
    "(?! (?:documentation|docs|guide|format|management|manager|policy|policies|reset|generator|rotation|form|page) )"
)

REFUSED: list[Rule] = [
    *(_said(name, phrases) for name, phrases in ALWAYS.items()),
    *(_traded(name, subjects) for name, subjects in SUBJECTS.items()),
    _words(
        "asks_for_secrets",
        Action.REFUSE,
        rf"{_NEVER} (?:send|give|tell|dm|paste|provide|share|enter|post)(?: to)? "
        rf"(?:(?:me|us)(?: \w+){{0,3}} {_SECRETS}|(?:your|ur)(?: \w+){{0,2}} {_SECRETS} (?:to|with) (?:me|us)) ",
        "seed|phrase|mnemonic|private key|private keys|credentials|api key|api keys|password",
    ),
    _written("secret", Action.REFUSE, r"-----begin (?:[a-z0-9]+ )*private key", "private key"),
    _written(
        "secret",
        Action.REFUSE,
        r"(?:private|secret|signing)[ _-]?key\W{0,6}(?:is|as hex)?\W{0,10}(?:0x)?[0-9a-f]{64}(?![0-9a-f])",
        "key",
    ),
    _written(
        "secret",
        Action.REFUSE,
        r"(?:seed|recovery|mnemonic|backup)[ _-]?(?:phrase|words)?\W{1,6}(?:is\W{1,4})?"
        r"(?:(?:\d{1,2}[.):] ?)?[a-z]{3,8}[\s,;]+){11,23}(?:\d{1,2}[.):] ?)?[a-z]{3,8}",
        *("seed", "recovery", "mnemonic", "backup"),
        holds=_are_seed_words,
    ),
    _written(
        "secret",
        Action.REFUSE,
        r"(?<!\w)(?:mj_live_[\w-]{30,}|[a-z]{2,4}_[0-9a-f]{32}|whsec_[\w+/=]{24,}|sk[-_](?:ant|live|proj)[-_][\w-]{20,}"
        r"|gh[pousr]_[a-z0-9]{36}|github_pat_\w{30,}|akia[0-9a-z]{16}(?!\w)|xox[abprs]-[\w-]{20,}|aiza[\w-]{35})",
        *("mj_live_", "_", "whsec_", "sk-", "sk_", "gh", "akia", "xox", "aiza"),
    ),
]

_FORMER = "(?:all|any|the|your|my|previous|prior|above|earlier|former|preceding|foregoing|these|those|of)"
_ORDERS = "(?:instructions?|prompts?|rules|guidelines|directions|messages|context|training)"
FLAGGED: list[Rule] = [
    _words(
        "injection",
        Action.FLAG,
        rf" (?:ignore|disregard|forget|override|bypass|discard)(?: {_FORMER}){{1,5}}(?: \w+)? {_ORDERS} "
        r"| (?:you are now|from now on you are|act as|pretend to be|roleplay as)(?: \w+){0,3} "
        r"(?:system|admin|administrator|operator|developer|root|unrestricted|jailbroken|dan) "
        r"| (?:reveal|print|repeat|show|output|leak|tell me)(?: \w+){0,3} (?:system prompt|hidden prompt|instructions"
        r"|initial prompt) "
        r"| (?:do not|don t|dont|never) (?:tell|inform|notify|alert)(?: \w+){0,2} "
        r"(?:user|owner|operator|human|principal) "
        r"| (?:new|updated|important|urgent) (?:system|developer|admin) "
        r"(?:instructions?|message|prompt|notice|override) "
        r"| (?:attention|note to|message to|notice to|instructions? for)(?: \w+){0,2} "
        r"(?:ai|llm|agents?|assistants?|bots?|language model)(?: \w+)?"
        r"(?: you must| ignore| transfer| send| execute| run| approve) ",
        "ignore|disregard|forget|override|bypass|discard|you are now|act as|pretend|roleplay|prompt|instruction|"
        "instructions|tell|inform|notify|alert|message|notice|agent|assistant|bot|from now on",
    ),
    _words(
        "injection",
        Action.FLAG,
        r"ignora(?: \w+){0,3} (?:instrucciones|istruzioni|instrucoes)|ignore[zr]?(?: \w+){0,3} (?:consignes|instrucoes)"
        r"|(?:ignoriere|vergiss)(?: \w+){0,3} (?:anweisungen|regeln)|oubliez?(?: \w+){0,3} (?:instructions|consignes)",
        "ignora|ignore|ignorez|ignorer|ignoriere|vergiss|oublie|oubliez",
    ),
    Rule(
        "injection",
        Action.FLAG,
        re.compile(
            f"(?:{fold('игнорируй')}|{fold('игнорируйте')}|{fold('забудь')})"
            rf"(?: \w+){{0,3}} {fold('инструкц')}\w*"
            r"|(?:忽略|无视|無視|忘记).{0,6}(?:指令|指示|提示|规则)|(?:指示|命令|プロンプト)を?(?:すべて)?(?:無視|忘れ)"
            rf"|{fold('تجاهل')}(?: \w+){{0,3}} {fold('التعليمات')}|지시.{{0,6}}무시|निर्देशों.{{0,12}}अनदेखा"
        ),
        tuple(
            fold(w)
            for w in ("инструкц", "指令", "指示", "提示", "规则", "命令", "プロンプト", "التعليمات", "지시", "निर्देशों")
        ),
    ),
    _words(
        "payment_order",
        Action.FLAG,
        r" (?:send|transfer|withdraw|wire|move|forward|pay)(?: \w+){0,5} (?:usdc|usdt|funds|balance|eth|crypto|money|"
        r"wallet)(?: \w+){0,5} to(?: \w+){0,4} (?:0x\w+|ox\w+|address|wallet|account) "
        r"| (?:approve|accept|release)(?: \w+){0,4} (?:without (?:review|reading|checking)|immediately without) ",
        "usdc|usdt|funds|balance|eth|crypto|money|wallet|without",
    ),
    _written(
        "forged_markup",
        Action.FLAG,
        r"<\|[a-z_]{2,30}\|>|\[/?inst\]|<</?sys>>|</?(?:system|tool_call|tool_result|function_calls?|assistant)>"
        # Within its line: over several it would be looked for from each of them.
        r"|^(?:[^\S\n]|[>*#\[])*(?:system|assistant|developer|guildhall|operator)"
        r"(?: message| prompt| notice)?\]?\**\s*[:\]]"
        r"|<!--.{0,200}(?:agent|ignore|instruction)"
        r"|\[(?:payment|escrow|deposit)[^\]]{0,30}(?:received|confirmed|released|approved)[^\]]{0,30}\]",
        *("<|", "[", "<<", "</", "<", "system", "assistant", "developer", "guildhall", "operator"),
    ),
    _words(
        "outside_payment",
        Action.FLAG,
        r" (?:pay|payment|paid|deal|settle|continue)(?: \w+){0,4} (?:outside (?:of )?(?:the )?(?:platform|site|market|"
        r"marketplace|escrow|guildhall)|off platform|off the platform|by western union|via western union|gift cards?"
        r"|on telegram|via telegram|on whatsapp|via whatsapp) ",
        "outside|off platform|off the platform|western union|gift card|gift cards|telegram|whatsapp",
    ),
]
# Of the rules that flag, what is taken apart or written as one to get past them.
DISGUISED = """
    ignore disregard forget override bypass previous prior instructions instruction prompt system transfer withdraw
    balance seed_phrase private_key password telegram whatsapp western_union gift_cards ignore_previous_instructions
    ignore_all_previous_instructions ignore_all_instructions disregard_previous_instructions
"""
MENDER = Mender(_phrases(" ".join([*ALWAYS.values(), *SUBJECTS.values(), DISGUISED])), _phrases(WANTED))
# Characters that show nothing and carry text for programs, or turn the direction in which others are read.
HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")


def findings(text: str) -> Iterator[tuple[Rule | None, str]]:
    """Each rule that finds something, with what; None for the rule that looks for hidden characters."""
    forms = forms_of(text)
    for rule in (*REFUSED, *FLAGGED):
        if (found := rule.find(forms)) is not None:
            yield found
    if HIDDEN.search(text):
        yield None, ""
