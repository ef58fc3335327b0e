"""The upstream simulator: a real HTTP server that stands in for the outside services.

`python -m cluster.embedded.simulator --host 127.0.0.1 --port 8010 [--delay S] [--hang S] [--now ISO]`

It speaks Apify (profile, comment and single-post actors, asynchronous and synchronous) and Decodo, and serves the
pictures of its creators. A creator is a pure function of the username: any name gives an ordinary creator with twelve
posts, the same on every run; posting times alone follow the calendar. A first name (`emma`) or a subject (`cooks`) in
the username is taken at its word: `emma.cooks` is called Emma and posts about food. `GET /` lists all of this as JSON.

Special cases stand under these prefixes and nowhere else; they may be chained (`fault_429_rich_anna`).

private_        a private account: counts and picture, no posts
missing_        no such account: Apify answers an item with `error`, Decodo a user that is null
missingempty_   no such account: Apify answers an empty dataset, Decodo status_code 404 without content
noposts_        a public account without any post
fewposts_       a public account with five posts
hidden_         likes are hidden on every post: likesCount is -1 or null
bought_         bought followers: low engagement, too regular likes, repeated generic comments of numbered accounts
pod_            an engagement pod: the same ten people comment on nearly every post
burst_          posts in bursts: several within hours, then weeks of silence
rich_           the rich creator: a verified business, related profiles, many comments with names, flags and places
thin_           a thin creator: three short posts, hardly a comment, no names to read
weird_          100 kB caption, NUL characters, future and broken dates, duplicate post ids, missing keys, bad counts
nullcounts_     followersCount, followsCount and all counts of the posts are null or negative
joint_          joint_a_NAME and joint_b_NAME share one post, owned by joint_a_NAME
expired_        image URLs answer 403 or 410, as signed URLs do after some days
notimage_       image URLs answer 200 with an HTML page
bigimage_       image URLs answer a small PNG that unpacks to 400 million pixels
redirect_       image URLs redirect to a private address
fault_429_      Apify: 429 with Retry-After on every start; Decodo works
fault_500_      Apify: 500 on every start; Decodo works
fault_402_      Apify: 402, no money left; Decodo works
fault_timeout_  Apify: the start never answers; Decodo works
fault_408_      Apify: the synchronous call answers 408 and the run goes on; an asynchronous run takes seconds longer
fault_truncated_  Apify: the dataset's JSON breaks off in the middle; Decodo works
fault_failed_   Apify: the run ends as FAILED; Decodo works
fault_aborted_  Apify: the run ends as ABORTED; Decodo works
fault_timedout_  Apify: the run ends as TIMED-OUT; Decodo works
fault_apify_    Apify: 503 on every call for this name, comments too; Decodo works
fault_down_     both sources: 503 on every call for this name
fault_flaky_    the first two calls for this name fail (429 on a start, 500 on Decodo), later ones work

Faults on demand, for any name:
PUT /_control/faults {"service": "apify|comments|decodo|images", "kind": "429|500|402|401|503|timeout|408|truncated|
failed|aborted|timedout", "username"?: NAME, "count"?: N, "probability"?: P}; DELETE /_control/faults takes them back.
GET /_control/calls counts calls by service and username; DELETE starts again. POST /_control/delay {"delay_s"?,
"hang_s"?, "slow_run_s"?} changes times. GET /_control/truth/NAME tells what was planted, to measure models against.
"""
