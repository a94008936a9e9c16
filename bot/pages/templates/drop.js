"use strict";
// Without this the form works as well; a phone's photos are only too large then.
(() => {
  const MOST = 2 * 1024 * 1024;
  const SIDES = [3200, 2400, 1800, 1200]; // pixels of the longer side; text of a passport is readable at each
  const form = document.querySelector("form");
  const said = document.getElementById("said");
  const button = form.querySelector("button");
  const inputs = [...form.querySelectorAll("input[type=file]")];

  const say = (words) => { said.textContent = words; said.hidden = !words; };
  const show = (isSending) => {
    button.disabled = isSending;
    button.textContent = isSending ? "Sending…" : "Send to Paytend";
  };

  // One file in all: choosing one takes back the other.
  for (const input of inputs) {
    input.addEventListener("change", () => {
      say("");
      if (input.files.length) for (const other of inputs) if (other !== input) other.value = "";
    });
  }

  const shrink = async (file) => {
    const picture = await createImageBitmap(file);
    for (const side of SIDES) {
      const scale = Math.min(1, side / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
      if (small && small.size <= MOST) return new File([small], "photo.jpg", { type: "image/jpeg" });
    }
    return null;
  };

  const fit = async (input) => {
    const file = input.files[0];
    if (file.size <= MOST) return true;
    const small = file.type.startsWith("image/") ? await shrink(file).catch(() => null) : null;
    if (!small) {
      say(`At most 2 MB; this file has ${(file.size / 1024 / 1024).toFixed(1)} MB.`);
      return false;
    }
    const files = new DataTransfer();
    files.items.add(small);
    input.files = files.files;
    return true;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const input = inputs.find((each) => each.files.length);
    if (!input) return say("Choose a file first.");
    say("");
    show(true); // before a photo is made smaller, which takes a second
    if (await fit(input)) form.submit();
    else show(false);
  });
  // Back from the next page, the form can be sent again.
  addEventListener("pageshow", () => show(false));
})();
