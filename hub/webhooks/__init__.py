"""Telling apps of events at addresses of theirs, by Standard Webhooks (standardwebhooks.com, 1.0): at least once, in
the order of each person, signed, tried for three days.

    dispatcher --tell.route--> messages + one job an endpoint --deliver--> POST, settle

An event is a CloudEvents 1.0 document in structured mode. It holds ids and states: what it is about is read at the API,
under the consent of that moment.
"""
