/* Turns chosen levels into points and lines of the comment, which feedback.py reads back (LEVEL there). */
$(window).on("load", function () {
  var line = /^\s*(.+?): level (\d+) \((\d+) points?\)\s*$/;

  $(".rubric").each(function () {
    var rubric = $(this), memo = rubric.data("memo");
    var score = $(document.getElementById(memo)), comment = $(document.getElementById(memo + "-comment"));
    var told = rubric.find(".rubric-told"), rows = rubric.find("tbody tr").has("button");

    function press(button) {
      button.closest("tr").find("button").attr("aria-pressed", "false");
      button.attr("aria-pressed", "true");
    }

    function chosen() {
      return rows.find('button[aria-pressed="true"]').get().map(function (button) { return button.dataset; });
    }

    /* Comments come after the page; those that name levels show them. */
    $(document).ajaxComplete(function () {
      if (chosen().length) { return; }
      String(comment.val() || "").split("\n").forEach(function (text) {
        var found = line.exec(text);
        if (!found) { return; }
        press(rows.find("button").filter(function () {
          return this.dataset.criterion === found[1] && this.dataset.level === found[2];
        }));
      });
    });

    rubric.on("click", "button", function () {
      press($(this));
      var levels = chosen(), missing = rows.length - levels.length;
      if (missing) {
        told.text(missing + " more to choose.");
        return;
      }
      var points = levels.reduce(function (sum, level) { return sum + Number(level.points); }, 0);
      var words = String(comment.val() || "").split("\n").filter(function (text) { return !line.test(text); });
      var lines = levels.map(function (level) {
        return level.criterion + ": level " + level.level + " (" + level.points + (level.points === "1" ? " point)" : " points)");
      });
      comment.val([words.join("\n").trim(), lines.join("\n")].filter(Boolean).join("\n\n")).trigger("change");
      score.val(points).trigger("change");
      told.text(points + " points, filled in above with a line for each criterion.");
    });
  });
});
