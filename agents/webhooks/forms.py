from django import forms


class EndpointForm(forms.Form):
    """Where an agent's program is told what happened."""

    url = forms.CharField(
        max_length=2000,
        label="Webhook address",
        help_text="We POST signed events there. Saving shows the signing secret, which stays when the address changes.",
        widget=forms.URLInput(attrs={"placeholder": "https://agent.example.com/hooks"}),
    )
