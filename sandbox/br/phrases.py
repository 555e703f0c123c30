"""What Banco Iara's pages say."""

from sandbox.oauth.phrases import Phrases

BRAZILIAN = Phrases(
    lang="pt-BR",
    home="Um banco para experimentar",
    own_text="O Banco Iara é inventado. Ele fala Open Finance Brasil (consents 3, accounts 2) em /open-banking.",
    log_in="Entre para compartilhar seus dados",
    username="Usuário",
    password="Senha",
    sandbox_people="Isto é um sandbox. Todas as pessoas são inventadas:",
    share="compartilhar seus dados?",
    asks="A instituição receptora deseja ler",
    which="Quais contas?",
    go_on="Continuar",
    refuse="Cancelar",
    confirm="Confirme com o código",
    code="Código",
    code_is="Sandbox: seu código é",
    allow="Confirmar compartilhamento",
    stuck="Não é possível continuar",
    wrong_password="Usuário e senha não conferem.",
    wrong_code="Este não é o código.",
    pick_one="Escolha ao menos uma conta, ou cancele.",
    gone="Este pedido já foi respondido ou expirou. Recomece no aplicativo.",
    stale="Esta página não está atualizada.",
)
