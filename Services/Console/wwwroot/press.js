// Presses the one button of a page that whoever follows a link would press anyway. Reading a page must change nothing, so the link alone does not.
document.querySelector("button[data-press]")?.click();
