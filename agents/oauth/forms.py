"""What people type of a program's code."""

from django import forms


class CodeForm(forms.Form):
    """The code that the program shows."""

    user_code = forms.CharField(
        max_length=20,
        label="Code",
        help_text="Eight letters, as the program shows them.",
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "placeholder": "XXXX-XXXX"}
        ),
    )
