const form = document.querySelector("form");
const status = document.querySelector("[role=status]");
const button = form.querySelector("button");

const toBytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function prove(asked) {
  const known = asked.keys.map((id) => ({ type: "public-key", id: toBytes(id) }));
  if (asked.kind === "get") {
    const made = await navigator.credentials.get({
      publicKey: {
        challenge: toBytes(asked.challenge), rpId: asked.rp, allowCredentials: known, userVerification: "required",
      },
    });
    return {
      id: made.id,
      response: {
        clientDataJSON: toText(made.response.clientDataJSON),
        authenticatorData: toText(made.response.authenticatorData),
        signature: toText(made.response.signature),
      },
    };
  }
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: toBytes(asked.challenge),
      rp: { id: asked.rp, name: "cardops" },
      user: { id: toBytes(asked.user), name: asked.name, displayName: asked.name },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: known,
      attestation: "none",
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
    },
  });
  return {
    id: made.id,
    rawId: made.id,
    type: made.type,
    response: {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
    },
  };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  status.textContent = "Waiting for your passkey…";
  try {
    form.elements.proof.value = JSON.stringify(await prove(JSON.parse(form.dataset.options)));
    form.submit();
  } catch (error) {
    button.disabled = false;
    status.textContent = `It did not work (${error.name}). Nothing was done; you can try again.`;
  }
});
