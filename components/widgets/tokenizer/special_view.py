"""Special tokens, and the chat template that puts them into a conversation."""

from typing import Final

import streamlit as st

from components import engine
from components.widgets import address, frame
from components.widgets.markup import literal
from components.widgets.tokenizer.cells import show_cut
from components.widgets.tokenizer.holder import Asked

OWN_TEMPLATE: Final = "The tokenizer's own"


def special_view(asked: Asked) -> None:
    """Show the special tokens, what becomes of them when typed, and a conversation."""
    _tokens(asked)
    st.subheader("A conversation is one text")
    st.markdown(
        "A chat model reads one long text like any other. A **template** writes the turns into it, "
        "with special tokens that say who speaks. With a template of another family those "
        "signs fall into pieces, and the model has never seen them."
    )
    _chat(asked)


def _tokens(asked: Asked) -> None:
    from components.inspection.tokenizer.cutting import cut
    from components.inspection.tokenizer.template import special_tokens

    found = asked.ask(special_tokens)
    st.markdown(
        "A **special token** marks a place in a text, such as its end; no word is ever cut into "
        f"one. {literal(asked.title)} has **{len(found):,}**."
    )
    st.dataframe(
        [
            {
                "id": token.id,
                "token": token.piece,
                "what for": ", ".join(token.roles) or "a use of its own",
                "with every text": token.put or "no",
                "typed, it is": "this one token" if token.matched else "cut like any text",
            }
            for token in found
        ],
        hide_index=True,
        width="stretch",
        height="content" if len(found) < 10 else 320,
    )
    if any(not token.matched for token in found):
        st.caption(
            "As mistral_common cuts a plain text. `AutoTokenizer` of transformers puts `<s>` "
            "before every text, and takes a special token that is typed for that token."
        )
    ending = [token.piece for token in found if "ends a text" in token.roles]
    example = (ending or [token.piece for token in found] or ["<|endoftext|>"])[0]
    typed = st.text_input(
        "Type one into a text",
        f"The end.{example}Once more",
        key=f"typed-{asked.whole}",
        max_chars=300,
    )
    show_cut(asked.ask(cut, typed), "special-strip")


def _chat(asked: Asked) -> None:
    from components.inspection.tokenizer.template import (
        TEMPLATES,
        ChatMessage,
        cut_chat,
        own_template,
        render_chat,
        token_names,
    )

    own = asked.ask(own_template)
    offers = ([OWN_TEMPLATE] if own else []) + list(TEMPLATES)
    if not own:
        st.caption(
            f"{literal(asked.title)} came without a chat template; here are five of other families."
        )
    address.warn_unless_one_of("tok-template", offers)
    name = st.selectbox("Template", offers, key="tok-template", bind="query-params")
    left, right = st.columns(2)
    system = left.text_input("System", "", key="tok-system", max_chars=500)
    user = left.text_input(
        "User", "What is 1 + 1?", key="tok-user", max_chars=500, bind="query-params"
    )
    assistant = left.text_input("Assistant", "", key="tok-assistant", max_chars=500)
    answer = left.toggle("End where the answer begins", True, key="tok-answer", bind="query-params")
    turns = (("system", system), ("user", user), ("assistant", assistant))
    messages = tuple(ChatMessage(role, content) for role, content in turns if content)
    template = own if name == OWN_TEMPLATE and own else TEMPLATES[name]
    with frame.explained():
        # Templates are rendered by transformers, which two threads may not import at once.
        engine.import_libraries()
        text = engine.compute(render_chat, template, messages, answer, asked.ask(token_names))
        right.caption("The text that the model reads")
        right.code(text or " ", language=None, wrap_lines=True)
        result = asked.ask(cut_chat, text, 500)
        st.markdown(f"**{result.total:,} tokens**")
        show_cut(result, "chat-strip")
    with st.expander("The template, in Jinja"):
        st.code(template, language="jinja2", wrap_lines=True)
