"""Texts of banks' own making that look the same at every bank of a country or of a card scheme. Data.

``PAYEES``: templates for one line of remittance, tried where no field names the other side. Each is definite enough
that a person's own words do not fit by chance: it begins with the bank's wording, or holds a card or a terminal. What
stands in {text} are the payer's own words.
``DATED``: the same for the day (and time) of a card payment. ``TECHNICAL``: lines that a terminal wrote.

Where seen: bank modules of Actual (facts, restated), the readmes of Yolt's integrations, and MT940 manuals.
"""

from providers.rules.template import Book

# Longer and more definite ones first.
PAYEES = Book(
    # France: Société Générale, La Banque Postale, Crédit Agricole, LCL
    "CARTE {card} {date} {payee}",
    "PAIEMENT PAR CARTE {card} {payee} {date}",
    "ACHAT CB {payee} {date} CARTE NUMERO {any}",
    "CB {payee} FACT {ddmmyy}",
    "CB {payee} {date}",
    "{any}POUR: {payee} {number} {number} BQ {any}",
    "{any}VIR [EUROPEEN EMIS|INSTANTANE EMIS|EMIS] {any}POUR: {payee} [DATE:|BQ|REF:|MOTIF:]{any}",
    "[PRELEVEMENT EUROPEEN|PRELEVEMENT SEPA] {word} DE: {payee} [ID:|MOTIF:|REF:|MANDAT]{any}",
    "[VIR RECU|VIR INST RE|VIR INST RECU] {word} DE: {payee} [MOTIF:|DATE:|REF:]{any}",
    # France: BNP Paribas; Boursorama, Fortuneo, BPCE, Crédit Mutuel
    "[VIR|VIREMENT] [SEPA INST RECU|SEPA RECU|INST RECU|RECU] /DE {payee} /MOTIF {text} /REF{any}",
    "[VIR|VIREMENT] [SEPA INST RECU|SEPA RECU|INST RECU|RECU] /DE {payee} /{any}",
    "[VIR|VIREMENT] [SEPA INST EMIS|SEPA EMIS|INST EMIS|EMIS] /MOTIF {text} /BEN {payee} /REF{any}",
    "FACTURE CARTE DU {ddmmyy} {payee} CARTE {card}",
    "{ddmmyy} CB{card} {payee}",
    "PAIEMENT [CB|PSC] {ddmm} {payee} CARTE {any}",
    "PRLV SEPA {payee} ECH/{any}",
    "[CARTE|AVOIR|CB|PAIEMENT CB|PAIEMENT PAR CARTE|ACHAT CB|ANN CARTE] {date} {payee} CB*{any}",
    "[CARTE|AVOIR|PAIEMENT CB|PAIEMENT PAR CARTE|ACHAT CB|ANN CARTE] {date} {payee}",
    "[ANN CARTE|PAIEMENT PAR CARTE|PAIEMENT CB|ACHAT CB] {payee}",
    "[PRLV SEPA|PRLV EUROPEEN|PRLV] {payee}",
    "[PRELEVEMENT SEPA|PRELEVEMENT DE|PRELEVEMENT] {payee}",
    "[VIR INST RECU DE|VIR SEPA RECU DE|VIR RECU DE|VIREMENT EN VOTRE FAVEUR DE|VIREMENT SEPA RECU DE|VIREMENT DE"
    "|VIR DE] {payee}",
    "VIREMENT EN VOTRE FAVEUR {payee}",
    "[VIR INST RECU|VIR INST VERS|VIR INST|VIR SEPA INST|VIR SEPA RECU|VIR SEPA|VIR RECU|VIREMENT SEPA|VIREMENT POUR]"
    " {payee}",
    # Italy: BPER, Hype, Isybank, Intesa, UniCredit
    "PAGAMENTO SU CIRCUITO INTERNAZIONALE {payee} Operazione carta {any}",
    "PAGAMENTO POS {date} {time} {payee} [OP.|CARTA]{any}",
    "[PAGAMENTO POS|PAGAMENTO PAGOBANCOMAT|ACQUISTO POS] {payee} CARTA {any} {date} ORA {time}",
    "Pag. del {date} ora {time} presso: {payee} Carta N{any}",
    "[PAGAMENTO PRESSO|PAGAMENTO POS PRESSO|ACQUISTO PRESSO|PAGAMENTO TRAMITE POS|PAGOBANCOMAT PRESSO] {payee}",
    "BONIFICO o/c: {payee} ABI{any}",
    "[ADDEBITO SDD|ADDEBITO DIRETTO SEPA|ADD. SDD] {payee} [N:|ID:|CID.|MANDATO|RIF.]{any}",
    "BONIFICO {any}[ORDINANTE:|BENEFICIARIO:|A FAVORE DI:|DISPOSTO DA:] {payee} CAUSALE: {text}",
    "{any}CREDITORE: {payee}",
    "HAI INVIATO DENARO A {payee} - {text}",
    "HAI RICEVUTO DENARO DA {payee} - {text}",
    # Belgium and the Netherlands: KBC, CBC, BNP Paribas Fortis, ABN AMRO, ING
    "{payee} [Betaling met|Paiement par|Paiement avec|Paiement Maestro|Paiement Bancontact|Paiement via] {any}",
    "{payee} [Domiciliëring|Domiciliering|Domiciliation] {any}",
    "Naam: {payee} Omschrijving: {text} [IBAN:|Kenmerk:|Datum/Tijd:|Valutadatum:|Machtiging ID:]{any}",
    "Naam: {payee} [IBAN:|Kenmerk:|Datum/Tijd:|Valutadatum:|Machtiging ID:]{any}",
    "{payee} | Pasvolgnr: {any}",
    "{payee} Pasvolgnr: {any}",
    "[BEA|GEA] NR:{word} {date}/{time} {payee},PAS{number}{any}",
    "{payee},PAS{number}{any}",
    "BETALING AANKOPEN VIA [BANCONTACT|MAESTRO] {date} {payee} KAARTNUMMER {card}",
    "[AANKOOP|ACHAT] [BANCONTACT CONTACTLESS|BANCONTACT|MAESTRO CONTACTLESS|MAESTRO] [MET KAART NR|AVEC CARTE N°] {any}"
    " - {payee} {date}",
    "[BETALING MET DEBETKAART NUMMER|PAIEMENT AVEC LA CARTE DE DEBIT NUMERO] {card} {payee} {date}",
    "{payee} >{any} {date} {time} KV{number}",
    "narrative: {any}'{payee}'{any}",
    "{any}atmPosName: {payee}, {any}",
    "{any}atmPosName: {payee}",
    # anywhere: the descriptor of a card scheme, name and city and country behind backslashes
    "{payee}\\\\{any}\\\\{any}",
    # Baltics: Swedbank, LHV, SEB
    "PIRKUMS {card} {date} {time} {amount} {currency} ({number}) {payee}",
    "PIRKUMS {card} {date} {amount} {currency} ({number}) {payee}",
    "(..{number}) {date} {time} {payee}\\{any}",
    "{date} {time} kortelė{card} {payee}/{number}/{any}",
    "PIRKINYS {card} {date} {time} {amount} {currency} ({number}) {payee}",
    "PIRKINYS {card} {date} {amount} {currency} ({number}) {payee}",
    # Poland: Alior, PKO, mBank
    "[Transakcja kartą debetową,|Transakcja kartą kredytową,|Transakcja kartą,|Płatność kartą,] {payee}",
    "{any}[Lokalizacja: Adres:|Lokalizacja:] {payee} [Miasto:|Kraj:] {any}",
    "{payee} DATA TRANSAKCJI: {date}",
    "DOP. {word} {card} [PŁATNOŚĆ KARTĄ|PLATNOSC KARTA|TRANSAKCJA KARTĄ] {amount} {currency} {payee}",
    # Czechia, Hungary
    "[Nákup:|Nakup:] {payee}, {any}",
    "VÁSÁRLÁS KÁRTYÁVAL, {date}, {any}, {payee}",
    # Austria: easybank and BAWAG, Raiffeisen, Erste
    "Bezahlung Karte {word} {number} {word} {date} {time}{payee}\\{any}",
    "POS {number} K{number} {date} {time} {payee}\\{any}",
    "POS {number} K{number} {date} {time} {payee}",
    "{payee} {number} [D0|D1|D2|D3|D4|D5|D6|D7|D8|D9] {date} {time}",
    "{payee} {number} K{number} {date} {time}",
    # Spain: Revolut, Sabadell, Santander, CaixaBank, Openbank
    "[Bizum payment to:|Bizum payment from:] {payee}",
    "[COMPRA TARJ.|PAGO TARJ.|COMPRA TARJETA|COMPRA CON TARJETA|PAGO CON TARJETA] {card} {payee}",
    "COMPRA EN {payee}, CON LA TARJETA : {card} EL {date}",
    "PAGO CON TARJETA EN {payee}",
    "RECIBO {payee} [Nº RECIBO|N. RECIBO|NUM. RECIBO|REF. MANDATO|REFERENCIA]{any}",
    "[Compra Internet En|Compra En|Pago Movil En] {payee}, {any}",
    "Compra {payee}, {any}, Tarjeta {card}",
    "[Transferencia Inmediata A Favor De|Transferencia A Favor De|Transferencia De|Bizum A Favor De|Bizum De] {payee}"
    "[, Concepto| Concepto]{any}",
    # Portugal
    "[COMPRA|COMPRAS] {number} {payee} CONTACTLESS{any}",
    "[TRF DE|TRF P/|TRF MB WAY DE|TRANSFERENCIA DE] {payee}",
    "DD {payee} {number}",
    # United Kingdom and Ireland: Santander, Virgin, Bank of Ireland, AIB
    "{number} {date} [CD|C] , {payee} , {any}",
    "{number} {date} [CD|C] , {payee}",
    "{number} {date} , {payee} , {any}",
    "{payee} ON {date} [BCC|CPM|CLP]",
    "{payee} CD {card} {date}",
    "{payee} CD {card}",
    "))) {payee}",
    "[Contactless Payment|Visa purchase|Card purchase] {payee} {date} {time}",
    "[Contactless Payment|Visa purchase|Card purchase] {payee}",
    "[Payment from|Transfer from|Transfer to] {payee}",
    "Card transaction of {amount} {currency} issued by {payee}",
    "CARD PAYMENT TO {payee},{amount} {currency}{any}",
    "CARD PAYMENT TO {payee} ON {date}",
    "CARD PAYMENT TO {payee},{any}",
    "DIRECT DEBIT PAYMENT TO {payee} REF {text}",
    "[BILL PAYMENT|STANDING ORDER] VIA FASTER PAYMENT TO {payee} REFERENCE {text} , MANDATE{any}",
    "[BILL PAYMENT|STANDING ORDER] VIA FASTER PAYMENT TO {payee} REFERENCE {text}",
    "FASTER PAYMENTS RECEIPT REF.{text} FROM {payee}",
    "FASTER PAYMENTS RECEIPT FROM {payee}",
    "[VDP-|VDC-]{payee}",
    "[FPS,|FPI,|FPO,|BGC,|BACS,] {payee}, {text}",
    "Card {number}, {payee}",
    "POSC{date} {payee}",
    "POS{date} {payee}",
    "POS {date} {payee}",
    "CNC {payee} {date}",
    # Germany: card payments of savings banks and Commerzbank
    "{payee}//{any}/{word}",
    # Romania: BCR, Raiffeisen, Banca Transilvania, ING
    "{any},Comerciant {payee},{any}",
    "Cumparare POS {payee} Card nr.{any}",
    "{any}EPOS {date} {any} TID:{word} {payee} valoare tranzactie:{any}",
    "Card no: {card},Terminal: {payee},Date: {any}",
    "Terminal: {payee}",
    # Greece: NBG
    "[ΑΓΟΡΑ] {payee}",
    # Denmark, Norway, Sweden
    "[Visa køb|Kortkøb|Dankort-køb] {currency} {amount} {payee} Den {date}",
    "[Visa køb|Kortkøb|Dankort-køb] {currency} {amount} {payee}",
    "[MobilePay køb|MobilePay:|MobilePay] {payee}",
    "[VISA VAREKJØP|VAREKJØP] {payee} Dato {date} kl. {time}",
    "{card} {date} {currency} {amount} {payee} Kurs:{any}",
    "Vipps*{payee}",
    "KORTKÖP {yymmdd} {payee}",
    "{payee}/{dashed}",
    "[Swish från|Swish till|Swish betalning] {payee}",
    "[Kortkøb|Dankort-nota|Dankort-køb|Dankort-koeb|Visa/Dankort|Visa køb|VISA VAREKJØP|VAREKJØP|KORTKÖP] {payee}",
)

DATED = Book(
    "CARTE {card} {date} {any}",
    "PAIEMENT PAR CARTE {card} {any} {date}",
    "ACHAT CB {any} {date} CARTE NUMERO {any}",
    "RETRAIT DAB {date} {time}",
    "[CARTE|AVOIR|CB|PAIEMENT CB|ACHAT CB|RETRAIT DAB|PAIEMENT PAR CARTE] {date} {any}",
    "PIRKUMS {card} {date} {time} {amount} {currency}",
    "PIRKUMS {card} {date} {any}",
    "(..{number}) {date} {time} {any}",
    "{any}Operazione carta {card} del {date}",
    "{any}[Betaling met|Paiement Maestro|Paiement par|Paiement avec] {any} {date} [om|à] {time} {any}",
    "NR:{word} {date}/{time}",
    "POS {amount} {any} {date} {time}",
    "{payee} {number} K{number} {date} {time}",
    "POS {number} K{number} {date} {time}",
    "{payee} {number} [D0|D1|D2|D3|D4|D5|D6|D7|D8|D9] {date} {time}",
    "{date}T{time} [KFN|Debitk.|Debitk|Kreditk.]{any}",
    "CARD PAYMENT TO {any} ON {date}",
    "[Bezahlung|Auszahlung] Karte {any} K{number} {date} {time}{any}",
    "{any}Date: {date}",
    "POSC{date} {any}",
    "POS{date} {any}",
    "Pasvolgnr: {number} {date} {time}",
    "{any}>{any} {date} {time} KV{number}",
    "VISA Debitkartenumsatz vom {date}",
    "NR XXXX {card} {any} KAUFUMSATZ {date}",
    "{any}[Data i czas operacji:|Data operacji:|DATA TRANSAKCJI:] {date}",
    "[Płatność kartą|Transakcja kartą|Platnosc karta] {date}",
    "Platba kartou {any}, {date}",
    "[Nákup:|Nakup:] {any}, dne {date}",
    "{any}Data_Ora: {date} {time}",
    "{any}Data utilizarii cardului {date}",
    "{any}EPOS {date}",
    "{any}OSTOPVM {date}",
    "{any} CARTA {any} {date} ORA {time}",
)

# Lines that a card terminal or a cash machine wrote: the wording in front and the time behind, both.
TECHNICAL = Book(
    "[POS|ATM|BANKOMAT|AUTOMAT|GELDAUTOMAT|BEZUG|KARTENZAHLUNG] {amount} {any} {date} {time}",
    "AUTORISATION {date} {time}",
)

# What stands for the name where a card paid; the only line of text beside it is the shop (Wise).
CARD_ALONE = Book("CARD-{number}")

# What card accounts of some banks have in front of every shop, where the text says that a card paid (DKB, ING).
CARD_FRONT = "VISA "

# Names that name nobody: what a bank writes where it knows only the card or the kind of payment.
NOBODY = Book(
    "CARD-{number}",
    "[Auszahlung|Bargeldauszahlung|Geldautomat|Bankomat] {any}",
    "[VISA|MASTERCARD|MAESTRO|GIROCARD|DEBIT CARD|CREDIT CARD] [XXXX|****]{any}",
)

# What was paid abroad, in its own currency, and the rate to the euro.
EXCHANGED = Book(
    "{amount} {currency} / 1 euro = {rate}",
    "{any}Original {amount} {currency} 1 Euro={rate}",
    "{any}Kurs {rate} {currency} {amount}",
)

# What a payment service says of the shop behind it.
BEHIND = Book("{any}Ihr Einkauf bei {payee}", "{any}Your purchase at {payee}", "{any}Votre achat chez {payee}")
SERVICES = ("paypal", "klarna", "amazon pay", "payone", "stripe", "mollie", "adyen", "sumup", "worldline")

# In front of a shop's name in the text of a card payment: the company that took the payment for it.
PROCESSORS = (
    "SUMUP", "SQ", "IZETTLE", "IZ", "ZETTLE", "ZTL", "PAYPAL", "PP", "CCV", "CRV", "BCK", "TST", "SP", "STRIPE",
    "MOLLIE", "ADYEN", "VIVA", "LYF", "NYX", "KLARNA", "2CO", "SNIPCART", "FS", "PADDLE.NET", "WPY", "MYPOS", "PAYU",
    "P24", "WORLDLINE", "RYFT", "SMARTPAY", "VIPPS",
)  # fmt: skip
