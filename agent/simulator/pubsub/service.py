"""The service `eventbus.v1.PubSub`: its six calls."""

from __future__ import annotations

from typing import Any

from agent.pubsub_api import pubsub_api_pb2 as messages
from agent.pubsub_api.pubsub_api_pb2_grpc import PubSubServicer
from agent.simulator.pubsub.call import Call
from agent.simulator.pubsub.channel_schema import schemas_by_id
from agent.simulator.pubsub.flow_register import FlowRegister
from agent.simulator.pubsub.managed_subscribe import managed_subscribe
from agent.simulator.pubsub.managed_subscriptions import ManagedSubscriptions
from agent.simulator.pubsub.publish import refuse_publish, refuse_publish_stream
from agent.simulator.pubsub.refusal import Refusal
from agent.simulator.pubsub.subscribe import subscribe


class PubSubService(PubSubServicer):
    """Answers for one org, on one event loop."""

    def __init__(self, register: FlowRegister, managed: ManagedSubscriptions) -> None:
        self._register = register
        self._tenant = register.tenant
        self._managed = managed

    async def Subscribe(self, request_iterator: Any, context: Any) -> None:  # type: ignore[override]  # noqa: ARG002, N802
        await Call(context).answered(lambda call: subscribe(call, self._register))

    async def ManagedSubscribe(self, request_iterator: Any, context: Any) -> None:  # type: ignore[override]  # noqa: ARG002, N802
        await Call(context).answered(lambda call: managed_subscribe(call, self._register, self._managed))

    async def GetTopic(self, request: messages.TopicRequest, context: Any) -> messages.TopicInfo:  # noqa: N802
        async def answer(call: Call) -> messages.TopicInfo:
            self._tenant.count("get_topic")
            self._tenant.admit(call.metadata())
            channel = self._tenant.channel(request.topic_name)
            self._register.disturbance.check("topic", channel)
            return messages.TopicInfo(
                topic_name=request.topic_name,
                tenant_guid=f"core/{self._tenant.domain}/{self._tenant.id}",
                can_publish=False,
                can_subscribe=True,
                schema_id=self._tenant.bus.schema(channel).id,
                rpc_id=call.rpc_id,
            )

        return await Call(context).answered(answer)

    async def GetSchema(self, request: messages.SchemaRequest, context: Any) -> messages.SchemaInfo:  # noqa: N802
        async def answer(call: Call) -> messages.SchemaInfo:
            self._tenant.count("get_schema")
            self._tenant.admit(call.metadata())
            if not request.schema_id.strip():
                raise Refusal("schema.validation.failed")
            schema = schemas_by_id().get(request.schema_id)
            if schema is None:
                raise Refusal("schema.meta.permission")
            self._register.disturbance.check("schema", schema.channel)
            return messages.SchemaInfo(schema_json=schema.text, schema_id=schema.id, rpc_id=call.rpc_id)

        return await Call(context).answered(answer)

    async def Publish(self, request: messages.PublishRequest, context: Any) -> messages.PublishResponse:  # noqa: N802
        async def answer(call: Call) -> messages.PublishResponse:
            refuse_publish(self._tenant, call, request)

        return await Call(context).answered(answer)

    async def PublishStream(self, request_iterator: Any, context: Any) -> None:  # type: ignore[override]  # noqa: ARG002, N802
        await Call(context).answered(lambda call: refuse_publish_stream(call, self._register))
