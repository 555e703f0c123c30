"""What Banque Mélusine's pages say."""

from sandbox.oauth.phrases import Phrases

FRENCH = Phrases(
    lang="fr",
    home="Une banque pour essayer",
    own_text="Banque Mélusine est inventée. Elle parle STET PSD2 1.5 (information sur les comptes) sous /stet/psd2/v1.",
    log_in="Connectez-vous pour partager vos comptes",
    username="Identifiant",
    password="Mot de passe",
    sandbox_people="Ceci est un bac à sable. Toutes les personnes sont inventées :",
    share="partager vos comptes ?",
    asks="L'application souhaite lire",
    which="Quels comptes ?",
    go_on="Continuer",
    refuse="Refuser",
    confirm="Confirmez avec le code reçu",
    code="Code",
    code_is="Bac à sable : votre code est",
    allow="Autoriser",
    stuck="Impossible de continuer",
    wrong_password="Cet identifiant et ce mot de passe ne vont pas ensemble.",
    wrong_code="Ce code n'est pas le bon.",
    pick_one="Choisissez au moins un compte, ou refusez.",
    gone="Cette demande a déjà reçu une réponse ou a expiré. Recommencez depuis l'application.",
    stale="Cette page n'est plus à jour.",
)
