"""A client of the Stats API v2, as the published reference of Plausible describes it. It needs only Python.

It asks the questions of the reference, and prints the answers as one JSON object: the rows of each question.
"""

import json
import os
import sys
import urllib.error
import urllib.request


class StatsClient:
    """Sends queries to `POST /api/v2/query`."""

    def __init__(self, url, token):
        self.url = url + "/api/v2/query"
        self.token = token

    def query(self, **query):
        """Returns the answer to a query."""
        body = json.dumps({"site_id": "dummy.site", **query}).encode()
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def rows(self, **query):
        """Returns the rows of an answer: the values of its dimensions, and then those of its metrics."""
        answer = self.query(**query)
        assert answer["query"]["metrics"] == query["metrics"], answer["query"]
        return [row["dimensions"] + row["metrics"] for row in answer["results"]]

    def all_rows(self, page_size, **query):
        """Returns the rows of all pages of an answer."""
        rows, total = [], None
        while total is None or len(rows) < total:
            pagination = {"limit": page_size, "offset": len(rows)}
            answer = self.query(pagination=pagination, include={"total_rows": True}, **query)
            total = answer["meta"]["total_rows"]
            assert 0 < len(answer["results"]) <= page_size, answer
            rows += [row["dimensions"] + row["metrics"] for row in answer["results"]]
        return rows

    def status(self, **query):
        """Returns the status and the body of an error."""
        try:
            return 200, self.query(**query)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


def answers(client, first, last):
    """Returns the rows of each question."""
    dates = [first, last]
    return {
        "aggregate": client.rows(metrics=["visitors", "visits", "pageviews", "views_per_visit", "bounce_rate",
                                          "visit_duration"], date_range="7d"),
        "custom date range": client.rows(metrics=["visits", "pageviews"], date_range=dates),
        "countries": client.rows(metrics=["visitors", "pageviews", "bounce_rate"], date_range="7d",
                                 dimensions=["visit:country"], filters=[["is_not", "visit:country", [""]]]),
        "medium and source": client.rows(metrics=["visitors", "pageviews"], date_range="7d",
                                         dimensions=["visit:utm_medium", "visit:source"]),
        "page and country": client.rows(metrics=["visitors"], date_range="7d", filters=[
            ["contains", "event:page", ["docs/", "pricing"]], ["is", "visit:country", ["EE", "US"]]]),
        "timeseries": client.rows(metrics=["visitors", "pageviews"], date_range="7d", dimensions=["time:day"]),
        "pages": client.all_rows(2, metrics=["visitors", "pageviews"], date_range="7d", dimensions=["event:page"]),
        "entry pages": client.rows(metrics=["visits", "bounce_rate"], date_range="all",
                                   dimensions=["visit:entry_page"], order_by=[["visit:entry_page", "desc"]]),
        "goals": client.rows(metrics=["events"], date_range="7d", dimensions=["event:goal"]),
        "our own metrics": client.rows(metrics=["likes", "comments", "finished_share", "median_time_on_page"],
                                       date_range="7d", dimensions=["page"]),
    }


def check_labels(client, last):
    """Checks that an hourly course has a label for each of its hours."""
    answer = client.query(metrics=["visitors"], date_range=[last, last], dimensions=["time:hour"],
                          include={"time_labels": True})
    labels = answer["meta"]["time_labels"]
    assert labels[0] == last + " 00:00:00" and labels[-1] == last + " 23:00:00", labels
    hours = [row["dimensions"][0] for row in answer["results"]]
    assert hours and set(hours) <= set(labels) and hours == sorted(hours), hours
    assert answer["query"]["order_by"] == [["time:hour", "asc"], ["visitors", "desc"]], answer["query"]


def check_errors(client, url):
    """Checks that wrong queries and tokens have an error that says what to do."""
    status, problem = client.status(metrics=["visitors", "scroll_depth"], date_range="7d")
    assert status == 400 and problem["field"] == "metrics[1]", problem
    assert "finished_share" in problem["detail"], problem
    status, problem = client.status(metrics=["visitors"], date_range="7d", filters=[["matches", "event:page", ["^/"]]])
    assert status == 400 and problem["field"] == "filters[0][0]", problem
    status, _ = StatsClient(url, "a wrong token").status(metrics=["visitors"], date_range="7d")
    assert status == 401, status


def main():
    url, first, last = sys.argv[1:]
    client = StatsClient(url, os.environ["HORIZON_REPORTS_TOKEN"])
    check_labels(client, last)
    check_errors(client, url)
    json.dump(answers(client, first, last), sys.stdout)


if __name__ == "__main__":
    main()
