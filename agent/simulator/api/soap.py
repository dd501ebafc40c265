"""The SOAP API, which this org does not have: each call is answered with the fault that Salesforce gives for it."""

from __future__ import annotations

import re

from agent.simulator.api.http_message import ApiAnswer, ApiRequest
from agent.simulator.api.resources import OLDEST

_PATH = re.compile(r"/services/Soap/[uc]/(\d{1,2})\.0(?:/.*)?")
_LOGIN = re.compile(rb"<(?:\w+:)?login[\s>]")

_FAULT = """<?xml version="1.0" encoding="UTF-8"?>\
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>\
<faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring>\
<detail><sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>\
<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:{kind}></detail>\
</soapenv:Fault></soapenv:Body></soapenv:Envelope>"""


def soap_fault(request: ApiRequest) -> ApiAnswer:
    """`login()` is off, as in every org made since Summer '25; a session is of no use for the rest."""
    if request.method != "POST":
        page = (
            b"<html><head><title>Error 405 Only POST allowed</title></head><body><h2>HTTP ERROR 405</h2></body></html>"
        )
        return ApiAnswer(405, page, "text/html;charset=UTF-8", {"Allow": "POST"})
    version = _PATH.fullmatch(request.path)
    if version is None or int(version[1]) < OLDEST:
        return _fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL", "UnexpectedErrorFault")
    if _LOGIN.search(request.body):
        return _fault("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.", "LoginFault")
    return _fault("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", "UnexpectedErrorFault")


def _fault(code: str, message: str, kind: str) -> ApiAnswer:
    return ApiAnswer(500, _FAULT.format(code=code, message=message, kind=kind).encode(), "text/xml;charset=UTF-8")
